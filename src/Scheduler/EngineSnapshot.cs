namespace Llama.Scheduling;

/// <summary>An engine's counts at one moment.</summary>
/// <param name="RunningCount">Sequences with blocks.</param>
/// <param name="WaitingCount">Sequences without.</param>
/// <param name="UsedBlockCount">Blocks held by sequences.</param>
/// <param name="CachedBlockCount">Blocks kept for their prefixes and free to be evicted.</param>
/// <param name="TotalBlockCount">Blocks in the pool.</param>
/// <param name="StepCount">Steps run so far; grows while the loop works.</param>
public sealed record EngineSnapshot(int RunningCount, int WaitingCount, int UsedBlockCount, int CachedBlockCount, int TotalBlockCount, long StepCount);
