using System.Diagnostics;
using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>
/// Weights that come through buffers, each unit when a step gets to it, round and round: units are loaded in the order of a step, one ahead of the one that is used, also from the end of a step to the beginning of the
/// next. Loads are numbered; load n goes into buffer n mod <see cref="OffloadPlan.Buffers"/>. A step that fails, or leaves a unit out, only costs loads: what is not asked for is passed over.
/// </summary>
internal abstract class WeightStream : IDisposable
{
    private readonly int[] _turnOf; // by unit: which of those that stream it is, −1 if it stays
    private readonly int _count;
    private long _load; // the first one whose buffer was not given back
    private bool _isUsed; // whether its unit was asked for

    protected WeightStream(OffloadPlan plan)
    {
        int turn = 0;
        _turnOf = [.. plan.IsResident.Select(isResident => isResident ? -1 : turn++)];
        _count = turn;
    }

    /// <summary>What a step reads from outside.</summary>
    public abstract long StepBytes { get; }

    /// <summary>Where they come from and how, for people.</summary>
    public abstract string Medium { get; }

    /// <summary>The embedding, of which rows are fetched as tokens ask for them, or that kernels read where it is.</summary>
    public abstract Weight Table { get; }

    /// <summary>A weight that streams, in one of the buffers; its values are there while its unit is used.</summary>
    public abstract Weight View(string name, int buffer);

    /// <summary>Sees to it that the rows of the embedding are there that a batch asks for.</summary>
    public virtual void Bring(ForwardBatch batch) { }

    /// <summary>Whether a unit's weights come through the buffers.</summary>
    public bool Holds(int unit) => _turnOf[unit] >= 0;

    /// <summary>Sees to it that a unit's weights are there for what is computed next; what was asked for before may be gone then.</summary>
    /// <returns>The buffer in which they are; −1 if they are always there.</returns>
    /// <exception cref="RunnerLostException">They cannot be read.</exception>
    public int Use(int unit)
    {
        int turn = _turnOf[unit];
        if (_isUsed && _load % _count != turn) GiveBack();
        if (turn < 0) return -1;
        while (_load % _count != turn) GiveBack();
        if (!_isUsed) Await(_load);
        _isUsed = true;
        return (int)(_load % OffloadPlan.Buffers);
    }

    /// <summary>Loads without computing: round once, to meet the medium as steps will, and then measured, both for a moment at most.</summary>
    /// <returns>Bytes a second.</returns>
    public double Measure()
    {
        TimeSpan most = TimeSpan.FromSeconds(0.5);
        Load(most, out _);
        long bytes = Load(most, out TimeSpan time);
        return bytes / time.TotalSeconds;
    }

    public abstract void Dispose();

    /// <summary>Waits for a load, or has what is computed next wait for it.</summary>
    protected abstract void Await(long load);

    /// <summary>Lets a buffer be filled with a later load: all that uses it is done, or enqueued.</summary>
    protected abstract void Release(long load);

    /// <summary>Waits until all loads that were awaited are there.</summary>
    protected virtual void Settle() { }

    /// <summary>What one load reads.</summary>
    /// <param name="turn">Which of the units that stream.</param>
    protected abstract long BytesOf(int turn);

    // Also what is passed over is awaited: only then nobody writes to its buffer any more.
    private void GiveBack()
    {
        if (!_isUsed) Await(_load);
        Release(_load++);
        _isUsed = false;
    }

    private long Load(TimeSpan most, out TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp(), bytes = 0;
        for (int i = 0; i < _count && Stopwatch.GetElapsedTime(start) < most; i++)
        {
            bytes += BytesOf((int)(_load % _count));
            GiveBack();
        }
        Settle();
        time = Stopwatch.GetElapsedTime(start);
        return bytes;
    }
}
