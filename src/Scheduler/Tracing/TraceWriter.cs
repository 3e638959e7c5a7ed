using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Llama.Model;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tracing;

/// <summary>
/// Records an engine's start and then its ended requests as lines of JSON, in the order of their ends. Remembers every distinct block, so one start's trace is for hours, not for months.
/// </summary>
internal sealed class TraceWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly ModelLimits _limits;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly Dictionary<ulong, int> _blockIds = []; // chained hash of a block → its id in the trace
    private bool _isBroken;

    public TraceWriter(Stream stream, ModelLimits limits, TimeProvider clock)
    {
        (_stream, _limits, _clock, _start) = (stream, limits, clock, clock.GetTimestamp());
        Write(new TraceStart(clock.GetUtcNow()), TraceJson.Default.TraceStart);
    }

    public void Write(Sequence sequence)
    {
        if (!_isBroken) Write(EventOf(sequence), TraceJson.Default.TraceEvent);
    }

    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // What was still buffered has met the full disk.
        }
    }

    private void Write<T>(T line, JsonTypeInfo<T> shape)
    {
        try
        {
            JsonSerializer.Serialize(_stream, line, shape);
            _stream.WriteByte((byte)'\n');
        }
        catch (IOException)
        {
            _isBroken = true; // a full disk ends the trace, not the service
        }
    }

    private TraceEvent EventOf(Sequence sequence) =>
        new(
            sequence.Id,
            _clock.GetElapsedTime(_start, sequence.Arrival).TotalSeconds,
            sequence.PromptLength,
            sequence.GeneratedCount,
            sequence.MaxTokens,
            sequence.Request.Priority,
            sequence.Request.ShareKey,
            BlocksOf(sequence),
            sequence.GroupId);

    private int[] BlocksOf(Sequence sequence)
    {
        int[] ids = new int[sequence.KnownCount / _limits.BlockSize];
        ulong hash = sequence.Request.CacheSalt;
        for (int i = 0; i < ids.Length; i++)
        {
            hash = BlockContent.Chain(hash, sequence.Tokens.Slice(i * _limits.BlockSize, _limits.BlockSize));
            if (!_blockIds.TryGetValue(hash, out ids[i])) _blockIds[hash] = ids[i] = _blockIds.Count;
        }
        return ids;
    }
}
