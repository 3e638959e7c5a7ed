using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Llama.Model;
using Llama.Model.Threads;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tracing;

/// <summary>
/// Records an engine's start and then its ended requests as lines of JSON, in the order of their ends. A thread of its own writes, so that nobody waits for the disk; where that falls far behind,
/// requests are lost to the trace. Remembers every distinct block, so one start's trace is for hours, not for months.
/// </summary>
internal sealed class TraceWriter : IDisposable
{
    /// <summary>Most requests that wait to be written.</summary>
    public const int Capacity = 1024;

    private readonly Channel<Sequence> _ended = Channel.CreateBounded<Sequence>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = true }); // as in the inbox, the only one wakes a thread
    private readonly Stream _stream;
    private readonly ModelLimits _limits;
    private readonly TimeProvider _clock;
    private readonly Action<Exception>? _onBroken;
    private readonly Action? _onLost;
    private readonly Thread _thread;
    private readonly long _start;
    private readonly Dictionary<ulong, int> _blockIds = []; // chained hash of a block → its id in the trace
    private bool _isBroken;

    /// <param name="stream">Where to, and disposed with it.</param>
    /// <param name="limits">Of the model.</param>
    /// <param name="clock">Tells the start.</param>
    /// <param name="onBroken">Told once, on the thread that writes, when nothing more can be written; must not throw.</param>
    /// <param name="onLost">Told, on either thread, of each request that is not recorded; must not throw.</param>
    public TraceWriter(Stream stream, ModelLimits limits, TimeProvider clock, Action<Exception>? onBroken = null, Action? onLost = null)
    {
        (_stream, _limits, _clock, _onBroken, _onLost, _start) = (stream, limits, clock, onBroken, onLost, clock.GetTimestamp());
        TraceStart start = new(clock.GetUtcNow());
        _thread = new Thread(() => Record(start)) { Name = "Llama trace", IsBackground = true };
        _thread.Begin();
    }

    /// <summary>Has a request recorded that has ended: it changes no more. Never blocks.</summary>
    public void Write(Sequence ended)
    {
        if (!_ended.Writer.TryWrite(ended)) _onLost?.Invoke();
    }

    /// <summary>Returns once all that was taken is written, or lost.</summary>
    public void Dispose()
    {
        _ended.Writer.Complete();
        _thread.Join();
    }

    /// <summary>The thread.</summary>
    private void Record(TraceStart start)
    {
        TryWrite(start, TraceJson.Default.TraceStart);
        while (_ended.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_ended.Reader.TryRead(out Sequence? sequence))
                if (_isBroken || !TryWrite(EventOf(sequence), TraceJson.Default.TraceEvent)) _onLost?.Invoke();
        }
        Close();
    }

    private bool TryWrite<T>(T line, JsonTypeInfo<T> shape)
    {
        try
        {
            JsonSerializer.Serialize(_stream, line, shape);
            _stream.WriteByte((byte)'\n');
            _stream.Flush(); // a line that is not in the file is told of as lost, and one that is not told of survives the process
            return true;
        }
        catch (Exception exception) when (IsOfTheDisk(exception))
        {
            _isBroken = true; // a full disk ends the trace, not the service
            _onBroken?.Invoke(exception);
            return false;
        }
    }

    private void Close()
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

    /// <summary>It is full; or the file has grown to its limit, which .NET calls an argument out of range; or a file system that is not local says no.</summary>
    private static bool IsOfTheDisk(Exception exception) => exception is IOException or ArgumentOutOfRangeException or UnauthorizedAccessException;

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
