namespace Llama.Model.Kernels.Machine;

/// <summary>All that a tile of products with weights in codes has as constants in its code.</summary>
/// <param name="Rows">Input rows, taken in <see cref="Strips"/> of 1 to 4.</param>
/// <param name="Outputs">Weight rows: 4, or 1 for what is left of a matrix.</param>
/// <param name="Inputs">Elements of a row.</param>
/// <param name="Bits">Of a code: 8 or 4.</param>
/// <param name="GroupSize">Inputs that share a scale.</param>
/// <param name="InputStride">Bytes from one packed input row to the next.</param>
/// <param name="SumStride">Bytes from one input row's group sums to the next's.</param>
/// <param name="Distance">Weight rows from one output of a tile to the next: 1, or so many that each output reads a long stream of its own, the next tile continuing it.</param>
/// <param name="FetchesAhead">Whether it fetches the weights of the next tile meanwhile.</param>
/// <param name="Add">Whether the sums are added to the outputs rather than replace them.</param>
internal readonly record struct CodeShape(
    int Rows, int Outputs, int Inputs, int Bits, int GroupSize, int InputStride, int SumStride, int Distance, bool FetchesAhead, bool Add)
{
    /// <summary>Weight rows from a tile's first to the next tile's.</summary>
    public int Advance => Distance == 1 ? Outputs : 1;

    /// <summary>Whether the next tile is fetched into the first cache as well.</summary>
    public bool FitsFirstCache => TileFrame.FitFirstCache(Rows * InputStride, Outputs * WeightStride);

    /// <summary>Groups of a row.</summary>
    public int GroupCount => (Inputs + GroupSize - 1) / GroupSize;

    /// <summary>Bytes from one row of codes to the next.</summary>
    public int WeightStride => QuantizedWeight.RowBytes(Inputs, Bits);

    /// <summary>Bytes from one row of scales to the next.</summary>
    public int ScaleStride => GroupCount * sizeof(float);
}
