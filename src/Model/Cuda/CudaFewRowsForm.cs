namespace Llama.Model.Cuda;

/// <summary>One way in which <c>few_rows.cu</c> is compiled.</summary>
/// <param name="Format">Of the weights: bfloat16 or codes.</param>
/// <param name="Rows">Of the input, at most: 1, 2, 4, and with codes 8.</param>
/// <param name="Lines">512 bytes of weights each, of a step.</param>
/// <param name="Depth">Steps of a warp that are under way.</param>
/// <param name="HasDigits">Whether codes are multiplied as they are, with an input in digits, and not widened.</param>
internal readonly record struct CudaFewRowsForm(CudaLinearFormat Format, int Rows, int Lines, int Depth, bool HasDigits)
{
    /// <summary>Of a block.</summary>
    public const int Threads = 512;

    private const int Warps = Threads / 32, LineBytes = 32 * 16, Padding = 512, BanksBytes = 128, TileOutputs = 16, Planes = 3, StartBytes = 32, Span = 128; // as in the sources
    private const int MostDigitRows = 2, LeastDigitGrain = 32;

    /// <summary>What it is compiled from.</summary>
    public CudaUnit Unit => new("few_rows.cu", [.. Format.Constants, $"ROWS={Rows}", $"LINES={Lines}", $"DEPTH={Depth}", $"DIGITS={(HasDigits ? 1 : 0)}"]);

    /// <summary>Steps that a warp begins with before it asks for its input, which waits in memory behind them.</summary>
    /// <param name="hasNorm">Whether the input is to be normalised. Where it is not, it comes later: from attention, or from much larger products.</param>
    public int Ahead(bool hasNorm) => Format.IsCodes ? 1 : hasNorm ? Depth / 2 : Depth;

    /// <summary>Shared memory of a block that its launch does not ask for: sums of squares.</summary>
    public int StaticBytes => Rows * Warps * sizeof(float);

    private int CellBytes => Lines * LineBytes + (Format.IsCodes ? Lines * Format.UnitInputs / Format.Grain * TileOutputs * Format.ScaleBytes : 0);

    /// <summary>Shared memory that a launch asks for: rings, input and sums.</summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="inputs">Of the product.</param>
    /// <param name="hasNorm">Whether the input is to be normalised.</param>
    /// <param name="outputs">That a block makes, of all weights together, at most.</param>
    public int SharedBytes(int rows, int inputs, bool hasNorm, int outputs) =>
        Warps * (Depth * CellBytes + sizeof(int)) + rows * RowBytes((inputs + Padding - 1) / Padding * Padding) + (hasNorm ? inputs * sizeof(float) : 0) + Rows * (outputs + Warps * ItemOutputs(Format)) * sizeof(float);

    // input_digits.cuh and input_bfloat16.cuh
    private int RowBytes(int inputs)
    {
        if (HasDigits) return Planes * (inputs + Format.UnitInputs) + inputs / Format.Grain * StartBytes + inputs / Span * sizeof(float);
        int sums = Format.HasMinima || Format.Bits == 4 ? inputs / Format.Grain * sizeof(float) : 0;
        return inputs * 2 + BanksBytes / 2 + (sums + BanksBytes - 1) / BanksBytes * BanksBytes;
    }

    /// <summary>Most rows for weights of a form; 0 where there are no such kernels.</summary>
    public static int MostRows(CudaLinearFormat format) => format.Bits switch { 32 => 0, 16 => 4, _ => 8 };

    /// <summary>Outputs of a weight that are made together.</summary>
    public static int ItemOutputs(CudaLinearFormat format) => format.IsCodes ? TileOutputs : 1;

    /// <summary>All ways for weights of a form that there is room for, if only for the smallest product.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="sharedBytes">Shared memory that a block can have.</param>
    public static IEnumerable<CudaFewRowsForm> All(CudaLinearFormat format, int sharedBytes) =>
        from most in new[] { 1, 2, 4, 8 }
        where most <= MostRows(format)
        let fewest = most / 2 + 1
        from form in For(format, most)
        where form.SharedBytes(fewest, inputs: 1, hasNorm: false, outputs: 1) + form.StaticBytes <= sharedBytes
        select form;

    /// <summary>The way for a number of rows, the first that there is room for; null where there is none.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="rows">Of the input.</param>
    /// <param name="inputs">Of the product.</param>
    /// <param name="hasNorm">Whether the input is to be normalised.</param>
    /// <param name="outputs">That a block makes, of all weights together, at most.</param>
    /// <param name="sharedBytes">Shared memory that a block can have.</param>
    public static CudaFewRowsForm? For(CudaLinearFormat format, int rows, int inputs, bool hasNorm, int outputs, int sharedBytes)
    {
        if (rows < 1 || rows > MostRows(format)) return null;
        foreach (CudaFewRowsForm form in For(format, rows <= 2 ? rows : rows <= 4 ? 4 : 8))
            if (form.SharedBytes(rows, inputs, hasNorm, outputs) + form.StaticBytes <= sharedBytes) return form;
        return null;
    }

    // The fastest first, as measured: more lines or steps are not faster. The others are for inputs that leave less room.
    private static IEnumerable<CudaFewRowsForm> For(CudaLinearFormat format, int rows)
    {
        if (format.IsCodes && !format.HasMinima && format.Grain >= LeastDigitGrain && rows <= MostDigitRows) yield return new(format, rows, Lines: 4, Depth: 3, HasDigits: true);
        yield return new(format, rows, Lines: 2, Depth: format.IsCodes ? 4 : 8, HasDigits: false);
        yield return new(format, rows, Lines: 2, Depth: 2, HasDigits: false);
    }
}
