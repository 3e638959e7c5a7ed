namespace Llama.Model.Kernels.Machine;

/// <summary>One projection as the threads see it: addresses, and which of the pieces into which all projections' outputs are cut are its own.</summary>
internal unsafe struct Product
{
    public byte* Weight;
    public float* Scales; // of codes; else null
    public float* Corrections; // of codes: the minima, or the scales once more
    public float* Output;
    public int Outputs, FirstPiece, PieceCount;

    /// <summary>Fills the table and gives the number of pieces in all.</summary>
    /// <param name="projections">What to fill it with.</param>
    /// <param name="pieceOutputs">Outputs of a piece.</param>
    /// <param name="table">[projections]</param>
    public static int Tabulate(ReadOnlySpan<Projection> projections, int pieceOutputs, Product* table)
    {
        int pieces = 0;
        for (int i = 0; i < projections.Length; i++)
        {
            table[i] = Of(projections[i]);
            table[i].FirstPiece = pieces;
            table[i].PieceCount = (table[i].Outputs + pieceOutputs - 1) / pieceOutputs;
            pieces += table[i].PieceCount;
        }
        return pieces;
    }

    /// <summary>Which of its pieces lie in a range of all: [first, last), counted from its own first.</summary>
    public readonly (int First, int Last) Within(long begin, long end) =>
        ((int)Math.Max(begin - FirstPiece, 0), (int)Math.Min(end - FirstPiece, PieceCount));

    private static Product Of(Projection projection)
    {
        Product product = new() { Output = projection.Output.Floats, Outputs = projection.Weight.Outputs };
        if (projection.Weight is QuantizedWeight codes)
        {
            product.Weight = (byte*)codes.Codes.Data;
            product.Scales = codes.Scales.Floats;
            product.Corrections = (codes.Minima ?? codes.Scales).Floats;
        }
        else
        {
            product.Weight = projection.Weight is PackedWeight packed ? packed.Units : (byte*)((DenseWeight)projection.Weight).Values.Data;
        }
        return product;
    }
}
