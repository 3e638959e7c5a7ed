namespace Llama.Model.Kernels.Machine;

/// <summary>What a tile fetches while it computes: nothing, rows of weights as they lie in their file, or the lines of packed units.</summary>
/// <param name="Rows">So many rows of weights: a multiple of 4.</param>
/// <param name="RowStride">Bytes from one of those to the next.</param>
/// <param name="RowBits">Bits of one of their elements.</param>
/// <param name="LineParts">Of units: one of how many equal parts of as many lines as the tile reads; 1, 2 or 4, or 0 for none.</param>
/// <param name="IntoFirst">Whether lines are brought into the first cache too.</param>
internal readonly record struct PanelFetch(int Rows, int RowStride, int RowBits, int LineParts, bool IntoFirst)
{
    /// <summary>Rows of weights, into the second cache.</summary>
    public static PanelFetch OfRows(int rows, int stride, int bits) => new(rows, stride, bits, 0, false);

    /// <summary>Lines of units.</summary>
    public static PanelFetch OfLines(int parts, bool intoFirst) => new(0, 0, 0, parts, intoFirst);

    /// <summary>Whether it fetches anything.</summary>
    public bool Any => Rows > 0 || LineParts > 0;
}
