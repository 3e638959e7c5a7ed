namespace Llama.Model.Kernels.Machine;

/// <summary>All that a tile by packed units has as constants in its code.</summary>
/// <param name="Rows">Input rows: as many as leave <see cref="PanelTile.MaxSums"/> sums.</param>
/// <param name="Vectors">Units of 16 outputs.</param>
/// <param name="Inputs">Elements of a stretch of a unit, a multiple of 8.</param>
/// <param name="InputStride">Bytes from one packed input row to the next.</param>
/// <param name="UnitStride">Bytes from one unit to the next.</param>
/// <param name="Fetch">What each tile fetches meanwhile.</param>
/// <param name="Add">Whether the sums begin with what the outputs hold rather than with 0.</param>
internal readonly record struct PanelShape(int Rows, int Vectors, int Inputs, int InputStride, int UnitStride, PanelFetch Fetch, bool Add);
