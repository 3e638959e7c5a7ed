using System.Text.Json;
using Llama.Model;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tracing;

/// <summary>Records ended requests as lines of JSON, in the order of their ends. Remembers every distinct block, so a trace is for hours, not for months.</summary>
internal sealed class TraceWriter(Stream stream, ModelLimits limits, TimeProvider clock) : IDisposable
{
    private readonly long _start = clock.GetTimestamp();
    private readonly Dictionary<ulong, int> _blockIds = []; // chained hash of a block → its id in the trace
    private bool _isBroken;

    public void Write(Sequence sequence)
    {
        if (_isBroken) return;
        try
        {
            JsonSerializer.Serialize(stream, EventOf(sequence), TraceJson.Default.TraceEvent);
            stream.WriteByte((byte)'\n');
        }
        catch (IOException)
        {
            _isBroken = true; // a full disk ends the trace, not the service
        }
    }

    public void Dispose()
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
            // What was still buffered has met the full disk.
        }
    }

    private TraceEvent EventOf(Sequence sequence) =>
        new(
            sequence.Id,
            clock.GetElapsedTime(_start, sequence.Arrival).TotalSeconds,
            sequence.PromptLength,
            sequence.GeneratedCount,
            sequence.MaxTokens,
            sequence.Request.Priority,
            sequence.Request.ShareKey,
            BlocksOf(sequence),
            sequence.GroupId);

    private int[] BlocksOf(Sequence sequence)
    {
        int[] ids = new int[sequence.KnownCount / limits.BlockSize];
        ulong hash = sequence.Request.CacheSalt;
        for (int i = 0; i < ids.Length; i++)
        {
            hash = BlockContent.Chain(hash, sequence.Tokens.Slice(i * limits.BlockSize, limits.BlockSize));
            if (!_blockIds.TryGetValue(hash, out ids[i])) _blockIds[hash] = ids[i] = _blockIds.Count;
        }
        return ids;
    }
}
