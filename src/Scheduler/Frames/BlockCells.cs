namespace Llama.Scheduling.Frames;

/// <summary>Equal cells of a <see cref="BlockMap"/>, one behind the other.</summary>
/// <param name="CellCount">How many.</param>
/// <param name="HeldCount">Blocks of each that sequences hold.</param>
/// <param name="SharedCount">Those of them that several hold.</param>
/// <param name="CachedCount">Blocks of each that are kept for their prefixes.</param>
/// <param name="HolderCount">Sequences that hold any.</param>
/// <param name="Holders">The first of them, as places in <see cref="EngineFrame.Sequences"/>.</param>
public sealed record BlockCells(int CellCount, int HeldCount, int SharedCount, int CachedCount, int HolderCount, IReadOnlyList<int> Holders);
