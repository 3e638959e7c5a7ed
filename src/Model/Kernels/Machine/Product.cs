namespace Llama.Model.Kernels.Machine;

/// <summary>One projection as the threads see it: addresses, and which of the pieces into which all projections' outputs are cut are its own.</summary>
internal unsafe struct Product
{
    private const long WorkPerThread = 128 << 10; // multiply-adds

    public byte* Weight;
    public float* Scales; // of codes; else null
    public float* Corrections; // of codes: the minima, or the scales once more
    public nint Reader; // of a RowReader; 0 where the weight is in memory
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
            table[i] = Of(projections[i].Weight) with { Output = projections[i].Output.Floats };
            table[i].FirstPiece = pieces;
            table[i].PieceCount = (table[i].Outputs + pieceOutputs - 1) / pieceOutputs;
            pieces += table[i].PieceCount;
        }
        return pieces;
    }

    /// <summary>Pieces that are worth waking a thread for.</summary>
    /// <param name="pieceOutputs">Outputs of a piece.</param>
    /// <param name="input">What they are multiplied with.</param>
    public static long PiecesPerThread(int pieceOutputs, in RowInput input) => Math.Max(1, WorkPerThread / ((long)pieceOutputs * input.Inputs * input.Rows));

    /// <summary>Which of its pieces lie in a range of all: [first, last), counted from its own first.</summary>
    public readonly (int First, int Last) Within(long begin, long end) =>
        ((int)Math.Max(begin - FirstPiece, 0), (int)Math.Min(end - FirstPiece, PieceCount));

    /// <summary>Which of its packed units those are, where a piece is so many: [first, end).</summary>
    public readonly (int First, int End) UnitsWithin(long begin, long end, int pieceUnits)
    {
        (int first, int last) = Within(begin, end);
        return (first * pieceUnits, Math.Min(last * pieceUnits, Outputs / UnitPacker.Outputs));
    }

    /// <summary>The same with some of the weight's rows in memory, for the calling thread until it asks for others.</summary>
    /// <param name="output">The first.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="RunnerLostException">They cannot be read.</exception>
    public readonly Product Bring(int output, int count) => Reader == 0 ? this : On(RowReader.At(Reader).Read(output, count));

    /// <summary>A weight without outputs of its own.</summary>
    public static Product Of(Weight weight)
    {
        Product product = new() { Outputs = weight.Outputs, Reader = weight.Reader?.Handle ?? 0 };
        return product.On(weight switch
        {
            PackedWeight packed => new WeightRows(packed.Units, null, null),
            PackedCodes packed => new WeightRows(packed.Units, null, null),
            _ => WeightRows.Of(weight),
        });
    }

    private readonly Product On(WeightRows rows) => this with { Weight = rows.Values, Scales = rows.Scales, Corrections = rows.Minima is null ? rows.Scales : rows.Minima };
}
