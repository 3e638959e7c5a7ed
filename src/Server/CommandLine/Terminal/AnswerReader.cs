using System.Text;
using System.Text.Json;
using Llama.Server.Remote;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>Asks a server for an answer, shows it as it comes, and tells what came of it. What goes wrong becomes part of the answer.</summary>
/// <param name="server">Whom.</param>
/// <param name="show">Takes each piece of text.</param>
/// <param name="clock">Times it.</param>
internal sealed class AnswerReader(RemoteServer server, Action<string> show, TimeProvider clock)
{
    private readonly StringBuilder _text = new();
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan? _first;
    private bool _isDone;
    private Answer _answer = new();

    /// <param name="request">The body of a chat request.</param>
    /// <param name="isStreamed">Whether it asks for a stream.</param>
    /// <param name="cancellation">The user stops it.</param>
    public async Task<Answer> ReadAsync(byte[] request, bool isStreamed, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage response = await server.PostAsync("chat/completions", request, cancellation);
            if (!response.IsSuccessStatusCode) Refused((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellation));
            else if (isStreamed && !IsJson(response)) await FollowAsync(response, cancellation);
            else TakeWhole(await response.Content.ReadAsStringAsync(cancellation));
        }
        catch (OperationCanceledException)
        {
            _answer = _answer with { IsStopped = true };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            Fail(_text.Length == 0 ? $"{server.Url} cannot be reached: {ErrorText.Of(exception)}." : $"The answer broke off: {ErrorText.Of(exception)}.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            Fail("The server did not answer as OpenAI's does.");
        }
        return _answer with { Text = _text.ToString(), First = isStreamed ? _first : null, Total = clock.GetElapsedTime(_start) };
    }

    /// <summary>Whether it is whole although a stream was asked for: some servers fail so, others know no streams.</summary>
    private static bool IsJson(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType == "application/json";

    private async Task FollowAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using SseLines lines = new();
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        while (await stream.ReadAsync(lines.Free, cancellation) is > 0 and int count)
        {
            lines.Advance(count);
            while (lines.TryTake(out ReadOnlySpan<byte> data))
            {
                if (data.SequenceEqual("[DONE]"u8)) _isDone = true;
                else Take(JsonElement.Parse(data), "delta");
            }
        }
        if (!_isDone && _answer is { Fault: null, FinishReason: null }) Fail("The answer broke off: the stream ended before its end.");
    }

    private void TakeWhole(string body)
    {
        Take(JsonElement.Parse(body), "message");
        if (_text.Length == 0 && _answer is { Fault: null, FinishReason: null }) Fail($"The server did not answer as OpenAI's does: {ErrorText.Of(body)}.");
    }

    /// <summary>A chunk, or a whole answer.</summary>
    private void Take(JsonElement chunk, string part)
    {
        if (chunk.TryGetProperty("error", out JsonElement error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String) Fail(ErrorText.Of(chunk.GetRawText()));
        if (chunk.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object) Count(usage);
        if (!chunk.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind == JsonValueKind.Null) return;
        foreach (JsonElement choice in choices.EnumerateArray().Where(IsFirst))
        {
            if (choice.TryGetProperty(part, out JsonElement message) && message.ValueKind != JsonValueKind.Null) Show(Text(message, "content") ?? Text(message, "refusal"));
            if (Text(choice, "finish_reason") is { } reason) _answer = _answer with { FinishReason = reason };
        }
    }

    /// <summary>Of several answers (/params n 2) one is the conversation's; a server that makes one may not number it.</summary>
    private static bool IsFirst(JsonElement choice) => JsonCount.Of(choice, "index") is null or 0;

    private void Show(string? piece)
    {
        if (string.IsNullOrEmpty(piece)) return;
        _first ??= clock.GetElapsedTime(_start);
        _text.Append(piece);
        show(piece);
    }

    private void Count(JsonElement usage) => _answer = _answer with
    {
        PromptTokens = JsonCount.Of(usage, "prompt_tokens"),
        OutputTokens = JsonCount.Of(usage, "completion_tokens"),
        CachedTokens = usage.TryGetProperty("prompt_tokens_details", out JsonElement details) ? JsonCount.Of(details, "cached_tokens") : null,
    };

    private void Refused(int status, string body) => Fail(status switch
    {
        401 => $"{ErrorText.Of(body)} Give --api-key, or OPENAI_API_KEY in the environment.",
        404 => $"{ErrorText.Of(body)} /model lists what the server has.",
        _ => ErrorText.Of(body) is { Length: > 0 } message ? $"The server answered {status}: {message}" : $"The server answered {status}.",
    });

    private void Fail(string fault) => _answer = _answer with { Fault = fault };

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
