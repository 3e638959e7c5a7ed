using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Llama.Server.Remote;

namespace Llama.Server.Bench.Load;

/// <summary>Follows one streamed answer.</summary>
internal sealed class StreamReading(long start)
{
    private readonly List<float> _gaps = [];
    private long _first, _last; // chunks with text
    private long _done; // [DONE]
    private int _promptTokens;
    private int? _outputTokens;
    private string? _error;

    /// <summary>One event's data, read at a moment.</summary>
    public void Take(ReadOnlySpan<byte> data, long now)
    {
        if (data.SequenceEqual("[DONE]"u8)) _done = now;
        else if (ChunkText.HasText(data)) Text(now);
        else if (ChunkText.IsError(data)) _error ??= Encoding.UTF8.GetString(data);
        if (ChunkText.HasUsage(data)) Count(data);
    }

    public RequestOutcome End(long now)
    {
        (OutcomeKind kind, string? fault, string? detail) = _error is not null ? (OutcomeKind.Failed, "error event", ErrorText.Of(_error))
            : _done != 0 ? (OutcomeKind.Completed, null, null) : (OutcomeKind.Failed, "cut stream", (string?)"The stream ended without [DONE].");
        int chunks = _first == 0 ? 0 : _gaps.Count + 1;
        return new RequestOutcome
        {
            Kind = kind,
            Fault = fault,
            Detail = detail,
            Start = start,
            First = _first,
            End = _done != 0 ? _done : now,
            ChunkCount = chunks,
            Gaps = _gaps,
            PromptTokens = _promptTokens,
            OutputTokens = _outputTokens ?? chunks,
            HasUsage = _outputTokens is not null,
        };
    }

    private void Text(long now)
    {
        if (_first == 0) _first = now;
        else _gaps.Add((float)Stopwatch.GetElapsedTime(_last, now).TotalMilliseconds);
        _last = now;
    }

    private void Count(ReadOnlySpan<byte> data)
    {
        try
        {
            if (!JsonElement.Parse(data).TryGetProperty("usage", out JsonElement usage)) return; // one within another object, as Groq's
            _promptTokens = JsonCount.Of(usage, "prompt_tokens") ?? _promptTokens;
            _outputTokens = JsonCount.Of(usage, "completion_tokens") ?? _outputTokens;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // no JSON, or no object
        {
            _error ??= Encoding.UTF8.GetString(data);
        }
    }
}
