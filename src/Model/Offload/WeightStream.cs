using System.Diagnostics;
using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>
/// Weights that come through buffers, each unit when a step gets to it, round and round: units are loaded in the order of a step, one ahead of the one that is used, also from the end of a step to the beginning of the
/// next. Loads are numbered; load n goes into buffer n mod <see cref="OffloadPlan.Buffers"/>. A step that fails, or leaves a unit out, only costs loads: what is not asked for is passed over. Between steps
/// units may be kept in memory of their own and are then not loaded, or be let go of again; with that a new round begins.
/// </summary>
internal abstract class WeightStream : IDisposable
{
    /// <summary>Place of a unit that does not stream: where its source put it.</summary>
    public const int Always = -1;

    /// <summary>Place of a unit that is kept: memory of its own. Lesser places are buffers.</summary>
    public const int Own = OffloadPlan.Buffers;

    /// <summary>Places of a unit that streams.</summary>
    public const int PlaceCount = Own + 1;

    private readonly int[] _placeOf; // by unit: Always, Own, or 0 of those that come through buffers
    private readonly int[] _order; // of the units that may be kept: the first so many of them lie evenly in a step, however many that are
    private LoadRound _round; // of those that come through buffers
    private long _load; // the first one whose buffer was not given back
    private bool _isUsed; // whether its unit was asked for

    /// <param name="plan">Which units stream.</param>
    /// <param name="isWaitedFor">As for <see cref="StreamTraffic"/>.</param>
    protected WeightStream(OffloadPlan plan, bool isWaitedFor)
    {
        Traffic = new StreamTraffic(isWaitedFor);
        _placeOf = [.. plan.IsResident.Select(isResident => isResident ? Always : 0)];
        _round = RoundFrom(load: 0);
        const double goldenSection = 0.6180339887498949; // its multiples, taken modulo 1, fill any stretch of numbers evenly
        _order = [.. _round.Units.Index().OrderBy(unit => unit.Index * goldenSection % 1).Select(unit => unit.Item)];
    }

    /// <summary>What a step reads from outside.</summary>
    public long StepBytes => _round.Units.Sum(BytesOf);

    /// <summary>What steps have had of it so far.</summary>
    public StreamTraffic Traffic { get; }

    /// <summary>Memory of the units that are kept.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>Where they come from and how, for people.</summary>
    public abstract string Medium { get; }

    /// <summary>The embedding, of which rows are fetched as tokens ask for them, or that kernels read where it is.</summary>
    public abstract Weight Table { get; }

    /// <summary>A weight that streams, in one of its places; its values are there while its unit is used.</summary>
    public abstract Weight View(string name, int place);

    /// <summary>Sees to it that the rows of the embedding are there that a batch asks for.</summary>
    public virtual void Bring(ForwardBatch batch) { }

    /// <summary>Whether a unit's weights come from outside, be they kept or not.</summary>
    public bool Holds(int unit) => _placeOf[unit] != Always;

    /// <summary>Sees to it that a unit's weights are there for what is computed next; what was asked for before may be gone then.</summary>
    /// <returns>The place in which they are.</returns>
    /// <exception cref="RunnerLostException">They cannot be read.</exception>
    public int Use(int unit)
    {
        if (_isUsed && UnitOf(_load) != unit) GiveBack();
        if (!_round.Has(unit)) return _placeOf[unit];
        while (UnitOf(_load) != unit) GiveBack();
        if (!_isUsed) Take();
        _isUsed = true;
        return (int)(_load % OffloadPlan.Buffers);
    }

    /// <summary>Keeps further units, as many as there is room for; between steps.</summary>
    /// <param name="room">Bytes.</param>
    /// <exception cref="RunnerLostException">Weights cannot be read.</exception>
    public void Keep(long room)
    {
        long before = KeptBytes;
        foreach (int unit in _order)
        {
            if (_placeOf[unit] == Own || MemoryOf(unit) > room) continue;
            long start = Stopwatch.GetTimestamp();
            Fill(unit);
            Traffic.Add(BytesOf(unit), start);
            _placeOf[unit] = Own;
            KeptBytes += MemoryOf(unit);
            room -= MemoryOf(unit);
        }
        if (KeptBytes != before) BeginRound();
    }

    /// <summary>Lets go of units that are kept; between steps.</summary>
    /// <param name="bytes">At least so many, or all.</param>
    /// <exception cref="RunnerLostException">Weights cannot be read.</exception>
    public void LetGo(long bytes)
    {
        long before = KeptBytes;
        for (int i = _order.Length - 1; i >= 0 && before - KeptBytes < bytes; i--)
        {
            int unit = _order[i];
            if (_placeOf[unit] != Own) continue;
            Empty(unit);
            _placeOf[unit] = 0;
            KeptBytes -= MemoryOf(unit);
        }
        if (KeptBytes != before) BeginRound();
    }

    /// <summary>Loads without computing, between steps: once so that the medium is as steps will find it, then the same measured.</summary>
    /// <param name="most">For how long, each time; a step's loads are enough.</param>
    /// <returns>Null if nothing streams now.</returns>
    public StreamRate? Measure(TimeSpan most)
    {
        if (_round.Units.Length == 0) return null;
        if (_isUsed) Next();
        int loads = Load(_round.Units.Length, most, out _, out _);
        if (loads < _round.Units.Length) BeginRound(); // others would be read for the first time, which no step but the first does
        Load(loads, most, out long bytes, out TimeSpan time);
        return new StreamRate(StepBytes, time.TotalSeconds * StepBytes / bytes);
    }

    public abstract void Dispose();

    /// <summary>Waits for a load, or has what is computed next wait for it.</summary>
    protected abstract void Await(long load);

    /// <summary>Lets a buffer be filled with a later load: all that uses it is done, or enqueued.</summary>
    protected abstract void Release(long load);

    /// <summary>Waits until all loads that were awaited are there.</summary>
    protected virtual void Settle() { }

    /// <summary>What a load of a unit reads.</summary>
    protected abstract long BytesOf(int unit);

    /// <summary>Memory of a unit where it is kept.</summary>
    protected virtual long MemoryOf(int unit) => throw new NotSupportedException("Units that stream are not kept here.");

    /// <summary>Brings a unit to memory of its own.</summary>
    protected virtual void Fill(int unit) => throw new NotSupportedException("Units that stream are not kept here.");

    /// <summary>Gives that memory back.</summary>
    protected virtual void Empty(int unit) => throw new NotSupportedException("Units that stream are not kept here.");

    /// <summary>Which unit a load brings.</summary>
    protected int UnitOf(long load) => _round.UnitOf(load);

    private LoadRound RoundFrom(long load) => new([.. _placeOf.Select(place => place is not (Always or Own))], load);

    // What is in the buffers belongs to the old round and is passed over; while nothing streams nothing is loaded.
    private void BeginRound()
    {
        for (int buffer = 0; buffer < OffloadPlan.Buffers; buffer++)
            if (buffer > 0 || !_isUsed) Await(_load + buffer);
        _round = RoundFrom(_load + OffloadPlan.Buffers);
        _isUsed = false;
        for (int buffer = 0; buffer < OffloadPlan.Buffers && _round.Units.Length > 0; buffer++) Release(_load++);
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
        Traffic.Add(BytesOf(UnitOf(_load)), start);
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
