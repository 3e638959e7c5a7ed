namespace Llama.Model.Kernels.Machine;

/// <summary>All that a tile of attention has as constants in its code.</summary>
/// <param name="Rows">Query rows, 1 to 8, or to 16 on tile registers.</param>
/// <param name="Units">Pairs of elements that a key has; of mixes on tile registers, how many times 16 elements a value has.</param>
/// <param name="RightStride">Of keys: bytes from one pair of elements to the next; of values in a panel, from 16 elements to the next.</param>
/// <param name="LeftStride">Bytes from one query's row, or row of weights, to the next.</param>
/// <param name="OutputStride">Bytes from one row of scores, or mix, to the next.</param>
/// <param name="FetchesAhead">Whether it asks for the memory that will be wanted next.</param>
internal readonly record struct AttentionTileShape(int Rows, int Units, int RightStride, int LeftStride, int OutputStride, bool FetchesAhead);
