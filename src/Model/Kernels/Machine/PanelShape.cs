namespace Llama.Model.Kernels.Machine;

/// <summary>All that a panel's tile has as constants in its code.</summary>
/// <param name="Rows">Input rows, 1 to 12.</param>
/// <param name="Vectors">Registers of 16 outputs: 2, or 1 for what is left of a matrix.</param>
/// <param name="Inputs">Elements of a packed row, a multiple of 8.</param>
/// <param name="InputStride">Bytes from one packed input row to the next.</param>
/// <param name="RowsAhead">Weight rows of the next block that each tile fetches: a multiple of 4.</param>
/// <param name="WeightStride">Bytes from one of those to the next.</param>
/// <param name="WeightBits">Bits of one of their elements.</param>
/// <param name="Add">Whether the sums are added to the outputs rather than replace them.</param>
internal readonly record struct PanelShape(int Rows, int Vectors, int Inputs, int InputStride, int RowsAhead, int WeightStride, int WeightBits, bool Add);
