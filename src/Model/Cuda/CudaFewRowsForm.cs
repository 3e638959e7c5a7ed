namespace Llama.Model.Cuda;

/// <summary>One way in which <c>few_rows.cu</c> or <c>few_rows_codes.cu</c> is compiled.</summary>
/// <param name="Format">Of the weights: bfloat16 or codes.</param>
/// <param name="Rows">Of the input, at most: 1, 2, 4, and with codes 8.</param>
internal readonly record struct CudaFewRowsForm(CudaLinearFormat Format, int Rows)
{
    /// <summary>What they are compiled from.</summary>
    public CudaUnit Unit => Format.IsCodes
        ? new CudaUnit("few_rows_codes.cu", [.. Format.Constants, $"ROWS={Rows}"])
        : new CudaUnit("few_rows.cu", [$"ROWS={Rows}"]);

    /// <summary>Outputs that a block makes at a time: one for each of its warps, or of codes a tile, whose inputs they share.</summary>
    public int BlockOutputs => Format.IsCodes ? 16 : 8;

    /// <summary>Most rows for weights of a form; 0 where there are no such kernels.</summary>
    public static int MostRows(CudaLinearFormat format) => format.Bits switch { 32 => 0, 16 => 4, _ => 8 };

    /// <summary>All ways for weights of a form.</summary>
    public static IEnumerable<CudaFewRowsForm> All(CudaLinearFormat format) => new[] { 1, 2, 4, 8 }.Where(rows => rows <= MostRows(format)).Select(rows => new CudaFewRowsForm(format, rows));

    /// <summary>The way for a number of rows.</summary>
    public static CudaFewRowsForm For(CudaLinearFormat format, int rows) => new(format, rows <= 2 ? rows : rows <= 4 ? 4 : 8);
}
