namespace Llama.Model.Kernels.Machine;

/// <summary>All that a tile of products in floating point has as constants in its code.</summary>
/// <param name="ElementBytes">2 for bfloat16, 4 for float32.</param>
/// <param name="Rows">Input rows, taken in <see cref="Strips"/> of 1 to 6.</param>
/// <param name="Outputs">Weight rows: 4, or 1 for what is left of a matrix.</param>
/// <param name="Inputs">Elements of a row.</param>
/// <param name="InputStride">Bytes from one packed input row to the next.</param>
/// <param name="WeightStride">Bytes from one weight row to the next.</param>
/// <param name="Distance">Weight rows from one output of a tile to the next: 1, or so many that each output reads a long stream of its own, the next tile continuing it.</param>
/// <param name="FetchesAhead">Whether it fetches the weights of the next tile meanwhile.</param>
/// <param name="Add">Whether the sums are added to the outputs rather than replace them.</param>
internal readonly record struct TileShape(int ElementBytes, int Rows, int Outputs, int Inputs, int InputStride, int WeightStride, int Distance, bool FetchesAhead, bool Add)
{
    /// <summary>Weight rows from a tile's first to the next tile's.</summary>
    public int Advance => Distance == 1 ? Outputs : 1;

    /// <summary>Whether the next tile is fetched into the first cache as well.</summary>
    public bool FitsFirstCache => TileFrame.FitFirstCache(Rows * InputStride, Outputs * WeightStride);
}
