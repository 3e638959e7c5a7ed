using System.Diagnostics;

namespace Llama.Model.Offload;

/// <summary>
/// Weights that come through buffers, which are filled in turn. Units are loaded in the order of a step, one ahead of the one in use; at the end of a step the first of the next is loaded. Loads are numbered:
/// load n goes into buffer n mod <see cref="OffloadPlan.Buffers"/>. A unit that was loaded and is not asked for, because a step failed or left it out, is passed over. Once other units stream than before, loading begins
/// a new round with those.
/// </summary>
internal abstract class BufferedWeightStream : WeightStream
{
    private int[] _round; // the units of one
    private long _first; // load of the round
    private long _load; // the first one whose buffer was not given back
    private bool _isUsed; // whether its unit was asked for

    /// <param name="plan">Which units stream.</param>
    /// <param name="isWaitedFor">As for <see cref="StreamTraffic"/>.</param>
    protected BufferedWeightStream(OffloadPlan plan, bool isWaitedFor) : base(plan, isWaitedFor) => _round = Coming;

    /// <inheritdoc/>
    public override int Use(int unit)
    {
        if (_isUsed && UnitOf(_load) != unit) GiveBack();
        if (IsThere(unit, out int place)) return place;
        while (UnitOf(_load) != unit) GiveBack();
        if (!_isUsed) Take();
        _isUsed = true;
        return (int)(_load % OffloadPlan.Buffers);
    }

    /// <inheritdoc/>
    public override StreamRate? Measure(TimeSpan most)
    {
        if (Coming.Length == 0) return null;
        if (_isUsed) Next();
        int loads = Load(Coming.Length, most, out _, out _);
        if (loads < Coming.Length) OnChange(); // others would be read for the first time, which no step but the first does
        Load(loads, most, out long bytes, out TimeSpan time);
        return new StreamRate(StepBytes, time.TotalSeconds * StepBytes / bytes);
    }

    /// <summary>Waits for a load, or has what is computed next wait for it.</summary>
    protected abstract void Await(long load);

    /// <summary>Lets a buffer be filled with a later load: all that uses it is done, or enqueued.</summary>
    protected abstract void Release(long load);

    /// <summary>Waits until all loads that were awaited are there.</summary>
    protected virtual void Settle() { }

    /// <summary>Which unit a load brings.</summary>
    protected int UnitOf(long load) => _round[(int)((load - _first) % _round.Length)];

    // What is in the buffers belongs to the old round and is passed over; while nothing streams nothing is loaded.
    protected override void OnChange()
    {
        for (int buffer = 0; buffer < OffloadPlan.Buffers; buffer++)
            if (buffer > 0 || !_isUsed) Await(_load + buffer);
        (_round, _first) = (Coming, _load + OffloadPlan.Buffers); // nobody loads now
        _isUsed = false;
        for (int buffer = 0; buffer < OffloadPlan.Buffers && Coming.Length > 0; buffer++) Release(_load++);
    }

    // Also what is passed over is awaited: only then nobody writes to its buffer any more.
    private void GiveBack()
    {
        if (!_isUsed) Take();
        Next();
    }

    private void Take()
    {
        long start = Stopwatch.GetTimestamp();
        Await(_load);
        Traffic.Add(BytesOf(UnitOf(_load)), Stopwatch.GetTimestamp() - start);
    }

    private void Next()
    {
        Release(_load++);
        _isUsed = false;
    }

    private int Load(int count, TimeSpan most, out long bytes, out TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        int loads = 0;
        for (bytes = 0; loads < count && (loads == 0 || Stopwatch.GetElapsedTime(start) < most); loads++)
        {
            bytes += BytesOf(UnitOf(_load));
            Await(_load); // which is no step's affair
            Next();
        }
        Settle();
        time = Stopwatch.GetElapsedTime(start);
        return loads;
    }
}
