namespace Llama.Model.Cuda;

/// <summary>One way in which <c>few_rows.cu</c> or <c>few_rows_codes.cu</c> is compiled.</summary>
/// <param name="Format">Of the weights: bfloat16 or codes.</param>
/// <param name="Rows">Of the input, at most: 1, 2, 4, and with codes 8.</param>
/// <param name="Outputs">Of each row that a warp makes at a time, or of codes a block, whose warps share the inputs.</param>
internal readonly record struct CudaFewRowsForm(CudaLinearFormat Format, int Rows, int Outputs)
{
    private const int Warps = 8, TileOutputs = 16, MostOutputs = 4;

    /// <summary>What they are compiled from.</summary>
    public CudaUnit Unit => Format.IsCodes
        ? new CudaUnit("few_rows_codes.cu", [.. Format.Constants, $"ROWS={Rows}"])
        : new CudaUnit("few_rows.cu", [$"ROWS={Rows}", $"OUTPUTS={Outputs}"]);

    /// <summary>Outputs that a block makes at a time.</summary>
    public int BlockOutputs => Format.IsCodes ? Outputs : Warps * Outputs;

    /// <summary>Blocks that a multiprocessor holds: what the registers allow.</summary>
    public int Resident => Format.IsCodes
        ? Format.HasMinima || Format.Grain < Format.UnitInputs ? 2 : 3
        : Rows * Outputs > 8 ? 2 : Rows * Outputs < 4 ? 4 : 3;

    /// <summary>Most rows for weights of a form; 0 where there are no such kernels.</summary>
    public static int MostRows(CudaLinearFormat format) => format.Bits switch { 32 => 0, 16 => 4, _ => 8 };

    /// <summary>Rows that a kernel is compiled for, of those with at least so many.</summary>
    public static int RowsFor(int rows) => rows <= 2 ? rows : rows <= 4 ? 4 : 8;

    /// <summary>All ways for weights of a form.</summary>
    public static IEnumerable<CudaFewRowsForm> All(CudaLinearFormat format) =>
        from rows in new[] { 1, 2, 4, 8 } where rows <= MostRows(format) from outputs in format.IsCodes ? [TileOutputs] : new[] { 1, MostOutputs } select new CudaFewRowsForm(format, rows, outputs);

    /// <summary>The way for a number of rows.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="rows">Of the input.</param>
    /// <param name="outputs">Of each weight, one after the other.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public static CudaFewRowsForm For(CudaLinearFormat format, int rows, ReadOnlySpan<int> outputs, int multiprocessors)
    {
        int compiled = RowsFor(rows), all = 0;
        if (format.IsCodes) return new CudaFewRowsForm(format, compiled, TileOutputs);
        bool isEven = true;
        foreach (int count in outputs) (all, isEven) = (all + count, isEven && count % MostOutputs == 0);
        // Several outputs share what is read of the input; but every multiprocessor is to have enough under way.
        return new CudaFewRowsForm(format, compiled, isEven && all >= 2 * multiprocessors * Warps * MostOutputs ? MostOutputs : 1);
    }
}
