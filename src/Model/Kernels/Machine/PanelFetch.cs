namespace Llama.Model.Kernels.Machine;

/// <summary>What a tile fetches while it computes: nothing, rows of weights as they lie in their file, or lines of packed units.</summary>
/// <param name="Rows">So many rows of weights: a multiple of 4.</param>
/// <param name="RowStride">Bytes from one of those to the next.</param>
/// <param name="RowBits">Bits of one of their elements.</param>
/// <param name="LineParts">Of units: one of how many equal parts of as many lines as the tile reads; 1, 2 or 4, or 0 for none.</param>
/// <param name="Distance">Of units: how many bytes ahead of its own reading, in each, into the first cache; 0 for none.</param>
internal readonly record struct PanelFetch(int Rows, int RowStride, int RowBits, int LineParts, int Distance)
{
    /// <summary>Rows of weights, into the second cache.</summary>
    public static PanelFetch OfRows(int rows, int stride, int bits) => new(rows, stride, bits, 0, 0);

    /// <summary>Lines of units from <see cref="TileArguments.Ahead"/> on, into the second cache.</summary>
    public static PanelFetch OfLines(int parts) => new(0, 0, 0, parts, 0);

    /// <summary>Lines that the tile, and the one behind it, are about to read.</summary>
    public static PanelFetch OfOwnLines(int distance) => new(0, 0, 0, 0, distance);

    /// <summary>Whether there is an <see cref="TileArguments.Ahead"/>.</summary>
    public bool HasAhead => Rows > 0 || LineParts > 0;
}
