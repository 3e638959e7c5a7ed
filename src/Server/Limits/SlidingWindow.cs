namespace Llama.Server.Limits;

/// <summary>
/// What was counted in the last minute, in slots of 100 ms. Something counts for at least 60 s and at most 60.1 s, so that no 60 seconds ever hold more than the limit, and a caller who
/// always wants more loses a six-hundredth of it. Costs memory for slots that hold something. Not safe for concurrent use.
/// </summary>
internal sealed class SlidingWindow
{
    public const int SlotMilliseconds = 100, SlotCount = 600;

    private readonly List<Entry> _entries = []; // ascending; those before _first are gone
    private int _first;

    /// <summary>All that counts now.</summary>
    public long Sum { get; private set; }

    /// <summary>Slots that hold something, oldest first.</summary>
    public IEnumerable<(long Slot, long Count)> Entries => _entries.Skip(_first).Select(entry => (entry.Slot, entry.Count));

    public static long SlotOf(long milliseconds) => milliseconds / SlotMilliseconds;

    /// <summary>Lets go of what is older than a minute.</summary>
    /// <param name="now">In milliseconds.</param>
    public void Forget(long now)
    {
        for (long oldest = SlotOf(now) - SlotCount; _first < _entries.Count && _entries[_first].Slot < oldest; _first++)
            Sum -= _entries[_first].Count;
        if (_first < 64 && _first < _entries.Count)
            return;
        _entries.RemoveRange(0, _first);
        _first = 0;
    }

    /// <summary>Counts more, or fewer, in a slot. What is no longer in the window is let be.</summary>
    public void Add(long slot, long count)
    {
        int at = _entries.Count;
        while (at > _first && _entries[at - 1].Slot > slot)
            at--;
        if (at > _first && _entries[at - 1].Slot == slot)
            _entries[at - 1] = new Entry(slot, _entries[at - 1].Count + count);
        else if (count > 0)
            _entries.Insert(at, new Entry(slot, count));
        else
            return;
        Sum += count;
    }

    /// <summary>Milliseconds until no more than so much counts; 0 when that is so now.</summary>
    public long WaitFor(long room, long now)
    {
        long sum = Sum;
        int at = _first;
        while (sum > room && at < _entries.Count)
            sum -= _entries[at++].Count;
        return at == _first ? 0 : EndOf(_entries[at - 1].Slot) - now;
    }

    /// <summary>Milliseconds until nothing of this counts any more.</summary>
    public long Reset(long now) => Sum == 0 ? 0 : EndOf(_entries[^1].Slot) - now;

    private static long EndOf(long slot) => (slot + SlotCount + 1) * SlotMilliseconds;

    private readonly record struct Entry(long Slot, long Count);
}
