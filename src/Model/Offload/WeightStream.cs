using System.Diagnostics;
using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>
/// Weights that a step brings from outside, each unit when it gets to it. Between steps units may be kept in memory of their own and then do not come, or be let go of again.
/// </summary>
internal abstract class WeightStream : IDisposable
{
    /// <summary>Place of a unit that does not stream: where its source put it.</summary>
    public const int Always = -1;

    /// <summary>Place of a unit that is kept: memory of its own. Lesser places are those of units that come.</summary>
    public const int Own = OffloadPlan.Buffers;

    /// <summary>Places of a unit that streams.</summary>
    public const int PlaceCount = Own + 1;

    private enum Residence
    {
        Always,
        Kept,
        Comes,
    }

    private readonly Residence[] _residences; // by unit
    private readonly int[] _order; // of the units that may be kept: the first so many of them lie evenly in a step, however many that are

    /// <param name="plan">Which units stream.</param>
    /// <param name="isWaitedFor">As for <see cref="StreamTraffic"/>.</param>
    protected WeightStream(OffloadPlan plan, bool isWaitedFor)
    {
        Traffic = new StreamTraffic(isWaitedFor);
        _residences = [.. plan.IsResident.Select(isResident => isResident ? Residence.Always : Residence.Comes)];
        Coming = UnitsThatCome();
        const double goldenSection = 0.6180339887498949; // its multiples, taken modulo 1, fill any stretch of numbers evenly
        _order = [.. Coming.Index().OrderBy(unit => unit.Index * goldenSection % 1).Select(unit => unit.Item)];
    }

    /// <summary>What a step reads from outside.</summary>
    public long StepBytes => Coming.Sum(BytesOf);

    /// <summary>What steps have had of it so far.</summary>
    public StreamTraffic Traffic { get; }

    /// <summary>Memory of the units that are kept.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>Where they come from and how, for people.</summary>
    public abstract string Medium { get; }

    /// <summary>The embedding, of which rows are fetched as tokens ask for them, or that kernels read where it is.</summary>
    public abstract Weight Table { get; }

    /// <summary>The units that come, in the order of a step.</summary>
    protected int[] Coming { get; private set; }

    /// <summary>A weight that streams, in one of its places; its values are there while its unit is used.</summary>
    public abstract Weight View(string name, int place);

    /// <summary>Sees to it that the rows of the embedding are there that a batch asks for.</summary>
    public virtual void Bring(ForwardBatch batch) { }

    /// <summary>Whether a unit's weights come from outside, be they kept or not.</summary>
    public bool Holds(int unit) => _residences[unit] != Residence.Always;

    /// <summary>Sees to it that a unit's weights are there for what is computed next; what was asked for before may be gone then.</summary>
    /// <returns>The place in which they are.</returns>
    /// <exception cref="RunnerLostException">They cannot be read.</exception>
    public abstract int Use(int unit);

    /// <summary>Keeps further units, as many as there is room for; between steps.</summary>
    /// <param name="room">Bytes.</param>
    /// <exception cref="RunnerLostException">Weights cannot be read.</exception>
    public void Keep(long room)
    {
        long before = KeptBytes;
        foreach (int unit in _order)
        {
            if (_residences[unit] == Residence.Kept || MemoryOf(unit) > room) continue;
            long start = Stopwatch.GetTimestamp();
            Fill(unit);
            Traffic.Add(BytesOf(unit), Stopwatch.GetTimestamp() - start);
            _residences[unit] = Residence.Kept;
            KeptBytes += MemoryOf(unit);
            room -= MemoryOf(unit);
        }
        if (KeptBytes != before) Change();
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
            if (_residences[unit] != Residence.Kept) continue;
            Empty(unit);
            _residences[unit] = Residence.Comes;
            KeptBytes -= MemoryOf(unit);
        }
        if (KeptBytes != before) Change();
    }

    /// <summary>Brings weights without computing, between steps: once so that the medium is as steps will find it, then the same measured.</summary>
    /// <param name="most">For how long, each time; a step's are enough.</param>
    /// <returns>Null if nothing streams now.</returns>
    public abstract StreamRate? Measure(TimeSpan most);

    public abstract void Dispose();

    /// <summary>Whether a unit is there without being brought, and in which place.</summary>
    protected bool IsThere(int unit, out int place)
    {
        place = _residences[unit] == Residence.Always ? Always : Own;
        return _residences[unit] != Residence.Comes;
    }

    /// <summary>Other units come than before; called when <see cref="Coming"/> says which.</summary>
    protected virtual void OnChange() { }

    /// <summary>What is read of a unit.</summary>
    protected abstract long BytesOf(int unit);

    /// <summary>Memory of a unit where it is kept.</summary>
    protected virtual long MemoryOf(int unit) => throw new NotSupportedException("Units that stream are not kept here.");

    /// <summary>Brings a unit to memory of its own.</summary>
    protected virtual void Fill(int unit) => throw new NotSupportedException("Units that stream are not kept here.");

    /// <summary>Gives that memory back.</summary>
    protected virtual void Empty(int unit) => throw new NotSupportedException("Units that stream are not kept here.");

    private int[] UnitsThatCome() => [.. Enumerable.Range(0, _residences.Length).Where(unit => _residences[unit] == Residence.Comes)];

    private void Change()
    {
        Coming = UnitsThatCome();
        OnChange();
    }
}
