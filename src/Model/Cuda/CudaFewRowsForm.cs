namespace Llama.Model.Cuda;

/// <summary>One way in which <c>few_rows.cu</c> is compiled.</summary>
/// <param name="Format">Of the weights: bfloat16 or codes.</param>
/// <param name="Rows">Of the input, at most: 1, 2, 4, and with codes 8.</param>
/// <param name="Depth">Steps of a warp, of 1 KiB of weights each, that are under way.</param>
internal readonly record struct CudaFewRowsForm(CudaLinearFormat Format, int Rows, int Depth)
{
    /// <summary>Of a block.</summary>
    public const int Threads = 512;

    private const int Warps = Threads / 32, LineBytes = 32 * 16, Lines = 2, Padding = 512, BankElements = 32, TileOutputs = 16; // as in the sources

    /// <summary>What it is compiled from.</summary>
    public CudaUnit Unit => new("few_rows.cu", [.. Format.Constants, $"ROWS={Rows}", $"DEPTH={Depth}"]);

    /// <summary>Steps that a warp begins with before it asks for its input, which waits in memory behind them.</summary>
    /// <param name="hasNorm">Whether the input is to be normalised. Where it is not, it comes later: from attention, or from much larger products.</param>
    public int Ahead(bool hasNorm) => Format.IsCodes ? 1 : hasNorm ? Depth / 2 : Depth;

    /// <summary>Shared memory of a block that its launch does not ask for: sums of squares.</summary>
    public int StaticBytes => Rows * Warps * sizeof(float);

    private int CellBytes => Lines * LineBytes + (Format.IsCodes ? Lines * Format.UnitInputs / Format.Grain * TileOutputs * Format.ScaleBytes : 0);

    private int SumsOfRow(int inputs) => Format.HasMinima || Format.Bits == 4 ? inputs / Format.Grain : 0;

    /// <summary>Shared memory that a launch asks for: rings, input and sums.</summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="inputs">Of the product.</param>
    /// <param name="hasNorm">Whether the input is to be normalised.</param>
    /// <param name="outputs">That a block makes, of all weights together, at most.</param>
    public int SharedBytes(int rows, int inputs, bool hasNorm, int outputs)
    {
        int padded = (inputs + Padding - 1) / Padding * Padding;
        return Warps * (Depth * CellBytes + sizeof(int)) + rows * ((padded + BankElements) * 2 + SumsOfRow(padded) * sizeof(float)) + (hasNorm ? inputs * sizeof(float) : 0)
            + Rows * (outputs + Warps * ItemOutputs(Format)) * sizeof(float);
    }

    /// <summary>Most rows for weights of a form; 0 where there are no such kernels.</summary>
    public static int MostRows(CudaLinearFormat format) => format.Bits switch { 32 => 0, 16 => 4, _ => 8 };

    /// <summary>Outputs of a weight that are made together.</summary>
    public static int ItemOutputs(CudaLinearFormat format) => format.IsCodes ? TileOutputs : 1;

    /// <summary>All ways for weights of a form.</summary>
    public static IEnumerable<CudaFewRowsForm> All(CudaLinearFormat format) => from rows in new[] { 1, 2, 4, 8 } where rows <= MostRows(format) from depth in Depths(format) select new CudaFewRowsForm(format, rows, depth);

    /// <summary>The way for a number of rows, the deepest that there is room for; null where there is none.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="rows">Of the input.</param>
    /// <param name="inputs">Of the product.</param>
    /// <param name="hasNorm">Whether the input is to be normalised.</param>
    /// <param name="outputs">That a block makes, of all weights together, at most.</param>
    /// <param name="sharedBytes">Shared memory that a block can have.</param>
    public static CudaFewRowsForm? For(CudaLinearFormat format, int rows, int inputs, bool hasNorm, int outputs, int sharedBytes)
    {
        if (rows < 1 || rows > MostRows(format)) return null;
        foreach (int depth in Depths(format))
        {
            CudaFewRowsForm form = new(format, rows <= 2 ? rows : rows <= 4 ? 4 : 8, depth);
            if (form.SharedBytes(rows, inputs, hasNorm, outputs) + form.StaticBytes <= sharedBytes) return form;
        }
        return null;
    }

    // As measured: more is not faster. The second is for inputs that leave less room.
    private static int[] Depths(CudaLinearFormat format) => [format.IsCodes ? 4 : 8, 2];
}
