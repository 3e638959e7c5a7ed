namespace Llama.Scheduling.Tracing;

/// <summary>Makes one run of those of several starts: numbered and timed through, and no block of a later start is one of an earlier, whose cache was lost.</summary>
internal sealed class TraceNumbering
{
    private DateTimeOffset? _first;
    private double _begin, _lastArrival; // seconds of the trace: of the start that is read, and of all that was read
    private long _idBase, _lastId;
    private int _blockBase, _blockEnd;

    /// <summary>A start; what follows is its.</summary>
    public void Begin(DateTimeOffset start)
    {
        _first ??= start;
        _begin = Math.Max(_lastArrival, (start - _first.Value).TotalSeconds); // a clock may have been put back
        (_idBase, _blockBase) = (_lastId, _blockEnd);
    }

    /// <summary>A request as it was recorded, in the one run.</summary>
    public TraceEvent Through(TraceEvent recorded)
    {
        TraceEvent item = recorded with
        {
            Id = _idBase + recorded.Id,
            Arrival = _begin + recorded.Arrival,
            Blocks = Array.ConvertAll(recorded.Blocks, block => _blockBase + block),
            Group = recorded.Group == 0 ? 0 : _idBase + recorded.Group,
        };
        (_lastId, _lastArrival) = (Math.Max(_lastId, item.Id), Math.Max(_lastArrival, item.Arrival));
        foreach (int block in item.Blocks) _blockEnd = Math.Max(_blockEnd, block + 1);
        return item;
    }
}
