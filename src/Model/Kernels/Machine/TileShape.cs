namespace Llama.Model.Kernels.Machine;

/// <summary>All that a tile of products in floating point has as constants in its code.</summary>
/// <param name="ElementBytes">2 for bfloat16, 4 for float32.</param>
/// <param name="Rows">Input rows, 1 to 6.</param>
/// <param name="Outputs">Weight rows: 4, or 1 for what is left of a matrix.</param>
/// <param name="Inputs">Elements of a row.</param>
/// <param name="InputStride">Bytes from one packed input row to the next.</param>
/// <param name="WeightStride">Bytes from one weight row to the next.</param>
/// <param name="Streams">Which weight rows.</param>
/// <param name="Add">Whether the sums are added to the outputs rather than replace them.</param>
internal readonly record struct TileShape(int ElementBytes, int Rows, int Outputs, int Inputs, int InputStride, int WeightStride, WeightStreams Streams, bool Add);
