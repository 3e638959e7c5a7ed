using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Blocks;

/// <summary>How a sequence did not fit. As long as that holds, the prefix that it has in the cache is not looked up anew, which at every step would cost a hash for each of its blocks.</summary>
/// <param name="Sequence">Which.</param>
/// <param name="FoundCount">Blocks that it began with in the cache.</param>
/// <param name="Last">The last of these; null when there was none.</param>
/// <param name="LastHash">The hash of that one: another one tells that it was evicted, as it is before any of those before it.</param>
/// <param name="MissingCount">Blocks that were too few, those promised to others aside.</param>
/// <param name="ReleasedCount">As <see cref="BlockPool.ReleasedCount"/> was.</param>
internal sealed record Shortage(Sequence Sequence, int FoundCount, Block? Last, ulong? LastHash, int MissingCount, long ReleasedCount);
