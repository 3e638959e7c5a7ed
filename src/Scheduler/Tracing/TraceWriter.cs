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
    private readonly Action<Exception>? _onBroken;
    private readonly long _start;
    private readonly Dictionary<ulong, int> _blockIds = []; // chained hash of a block → its id in the trace
    private bool _isBroken;

    /// <param name="stream">Where to, and disposed with it.</param>
    /// <param name="limits">Of the model.</param>
    /// <param name="clock">Tells the start.</param>
    /// <param name="onBroken">Told once, when nothing more can be written.</param>
    public TraceWriter(Stream stream, ModelLimits limits, TimeProvider clock, Action<Exception>? onBroken = null)
    {
        (_stream, _limits, _clock, _onBroken, _start) = (stream, limits, clock, onBroken, clock.GetTimestamp());
        Write(new TraceStart(clock.GetUtcNow()), TraceJson.Default.TraceStart);
    }

    /// <summary>Records a request that has ended; false if it could not.</summary>
    public bool Write(Sequence sequence)
    {
        if (!_isBroken) Write(EventOf(sequence), TraceJson.Default.TraceEvent);
        return !_isBroken;
    }

    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (Exception exception) when (IsOfTheDisk(exception))
        {
            // The line that broke the trace is still in the buffer.
        }
    }

    private void Write<T>(T line, JsonTypeInfo<T> shape)
    {
        try
        {
            JsonSerializer.Serialize(_stream, line, shape);
            _stream.WriteByte((byte)'\n');
            _stream.Flush(); // a line that is not in the file is told of as lost, and one that is told of as written survives the process
        }
        catch (Exception exception) when (IsOfTheDisk(exception))
        {
            _isBroken = true; // a full disk ends the trace, not the service
            _onBroken?.Invoke(exception);
        }
    }

    /// <summary>It is full; or the file has grown to its limit, which .NET calls an argument out of range.</summary>
    private static bool IsOfTheDisk(Exception exception) => exception is IOException or ArgumentOutOfRangeException;

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
