namespace Llama.Model.Cuda;

/// <summary>One way in which <c>few_rows.cu</c> or <c>few_rows_codes.cu</c> is compiled.</summary>
/// <param name="Format">Of the weights: bfloat16 or codes.</param>
/// <param name="Rows">Of the input, at most: 1, 2, 4, and with codes 8.</param>
/// <param name="Outputs">Results of a row that a warp makes at a time; with codes, a block.</param>
internal readonly record struct CudaFewRowsForm(CudaLinearFormat Format, int Rows, int Outputs)
{
    /// <summary>Outputs of bfloat16 weights that a warp makes at a time where there are many.</summary>
    public const int MostOutputs = 4;

    /// <summary>Outputs in codes that a block makes at a time.</summary>
    public const int TileOutputs = 16;

    /// <summary>What they are compiled from.</summary>
    public CudaUnit Unit => Format.IsCodes
        ? new CudaUnit("few_rows_codes.cu", [.. Format.Constants, $"ROWS={Rows}"])
        : new CudaUnit("few_rows.cu", [$"ROWS={Rows}", $"OUTPUTS={Outputs}"]);

    /// <summary>Blocks that a multiprocessor holds, as far as registers go.</summary>
    public int Resident => (Format.IsCodes, Outputs) switch
    {
        (true, _) => Format.HasMinima || Format.Grain < 32 ? 2 : 3,
        (_, 1) => Rows == 1 ? 6 : 4,
        _ => Rows * Outputs > 8 ? 2 : 3,
    };

    /// <summary>All ways for weights of a form, for up to so many rows.</summary>
    public static IEnumerable<CudaFewRowsForm> All(CudaLinearFormat format, int mostRows) =>
        from rows in new[] { 1, 2, 4, 8 } where rows <= mostRows from outputs in format.IsCodes ? [TileOutputs] : new[] { 1, MostOutputs } select new CudaFewRowsForm(format, rows, outputs);

    /// <summary>The rows that a form is compiled for, of those with at least so many.</summary>
    public static int RowsFor(int rows) => rows <= 2 ? rows : rows <= 4 ? 4 : 8;
}
