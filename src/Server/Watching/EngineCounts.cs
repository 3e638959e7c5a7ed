using Llama.Scheduling;

namespace Llama.Server.Watching;

/// <summary>The engine's counts of one moment.</summary>
/// <param name="Running">Sequences with blocks.</param>
/// <param name="Waiting">Sequences without.</param>
/// <param name="UsedBlocks">Blocks held by sequences.</param>
/// <param name="CachedBlocks">Blocks kept for their prefixes and free to be evicted.</param>
/// <param name="TotalBlocks">Blocks in the pool.</param>
/// <param name="Steps">Steps run so far.</param>
public sealed record EngineCounts(int Running, int Waiting, int UsedBlocks, int CachedBlocks, int TotalBlocks, long Steps)
{
    internal static EngineCounts Of(EngineSnapshot now) =>
        new(now.RunningCount, now.WaitingCount, now.UsedBlockCount, now.CachedBlockCount, now.TotalBlockCount, now.StepCount);
}
