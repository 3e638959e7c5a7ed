namespace Llama.Scheduling;

/// <summary>The engine's counts, written by its thread before and after each step and read from any.</summary>
internal sealed class EngineCounters(Backlog backlog)
{
    private int _running, _preempted, _usedBlocks, _cachedBlocks, _totalBlocks;
    private long _steps;

    /// <summary>Each count is right; two of them may be a step apart.</summary>
    public EngineSnapshot Snapshot => new(
        RunningCount, WaitingCount, UsedBlockCount, CachedBlockCount, Volatile.Read(ref _totalBlocks), Volatile.Read(ref _steps));

    public int RunningCount => Volatile.Read(ref _running);

    public int WaitingCount => backlog.Length + Volatile.Read(ref _preempted);

    public int UsedBlockCount => Volatile.Read(ref _usedBlocks);

    public int CachedBlockCount => Volatile.Read(ref _cachedBlocks);

    public int FreeBlockCount => Volatile.Read(ref _totalBlocks) - UsedBlockCount - CachedBlockCount;

    public double UsedBlockShare => (double)Volatile.Read(ref _usedBlocks) / Math.Max(1, Volatile.Read(ref _totalBlocks));

    public void Publish(Scheduler scheduler, long stepCount)
    {
        Volatile.Write(ref _running, scheduler.RunningCount);
        Volatile.Write(ref _preempted, scheduler.PreemptedCount);
        Volatile.Write(ref _usedBlocks, scheduler.Blocks.UsedCount);
        Volatile.Write(ref _cachedBlocks, scheduler.Blocks.CachedCount);
        Volatile.Write(ref _totalBlocks, scheduler.Blocks.TotalCount);
        Volatile.Write(ref _steps, stepCount);
    }

    /// <summary>Nothing runs any more; how much there was remains.</summary>
    public void Clear()
    {
        Volatile.Write(ref _running, 0);
        Volatile.Write(ref _preempted, 0);
        Volatile.Write(ref _usedBlocks, 0);
        Volatile.Write(ref _cachedBlocks, 0);
    }
}
