namespace Llama.Model.Cuda;

/// <summary>One way in which <c>few_rows.cu</c> or <c>few_rows_codes.cu</c> is compiled.</summary>
/// <param name="Format">Of the weights: bfloat16 or codes.</param>
/// <param name="Rows">Of the input, at most: 1, 2, 4, and with codes 8.</param>
/// <param name="IsBroad">Whether there are outputs enough to occupy the device. Else the few blocks that there are have more under way.</param>
/// <param name="IsGated">Whether the products are those of a gate and of what it gates; only if broad.</param>
internal readonly record struct CudaFewRowsForm(CudaLinearFormat Format, int Rows, bool IsBroad, bool IsGated = false)
{
    private const int Warps = 8, TileOutputs = 16, BroadOutputs = 4;

    /// <summary>Outputs of all weights together that a block makes at a time: its warps one or several each, or of codes a tile of each weight, whose inputs they share.</summary>
    public int BlockOutputs => Format.IsCodes ? TileOutputs * (IsGated ? 2 : 1) : Warps * WarpOutputs;

    /// <summary>Shared memory of a block that its launch does not ask for, at most: sums of its warps and of squares.</summary>
    public int StaticBytes => sizeof(float) * Rows * Warps * (Format.IsCodes ? 1 + 2 * TileOutputs * (IsGated ? 2 : 1) : 1);

    /// <summary>Blocks that a multiprocessor holds.</summary>
    public int Resident => Format.IsCodes
        ? ScalesOfUnit > 1 || !IsBroad ? 2 : 3
        : Rows * WarpOutputs > 8 ? 2 : Rows * WarpOutputs > 1 ? 3 : 4;

    /// <summary>What they are compiled from.</summary>
    public CudaUnit Unit => Format.IsCodes
        ? new CudaUnit("few_rows_codes.cu", [.. Format.Constants, $"ROWS={Rows}", $"GATED={(IsGated ? 1 : 0)}", $"BATCH={Batch}", $"STATIC_BYTES={StaticBytes}", $"RESIDENT={Resident}"])
        : new CudaUnit("few_rows.cu", [$"ROWS={Rows}", $"OUTPUTS={WarpOutputs}", $"GATED={(IsGated ? 1 : 0)}", $"RESIDENT={Resident}"]);

    private int WarpOutputs => IsBroad ? BroadOutputs : 1;

    // What the registers hold of units with their scales.
    private int Batch => ScalesOfUnit switch { 1 => IsBroad ? 3 : 5, 2 => 2, _ => 1 };

    private int ScalesOfUnit => (Format.HasMinima ? 2 : 1) * Format.UnitInputs / Math.Min(Format.Grain, Format.UnitInputs);

    /// <summary>Most rows for weights of a form; 0 where there are no such kernels.</summary>
    public static int MostRows(CudaLinearFormat format) => format.Bits switch { 32 => 0, 16 => 4, _ => 8 };

    /// <summary>Rows that a kernel is compiled for, of those with at least so many.</summary>
    public static int RowsFor(int rows) => rows <= 2 ? rows : rows <= 4 ? 4 : 8;

    /// <summary>All ways for weights of a form.</summary>
    public static IEnumerable<CudaFewRowsForm> All(CudaLinearFormat format)
    {
        foreach (int rows in new[] { 1, 2, 4, 8 }.Where(rows => rows <= MostRows(format)))
        {
            CudaFewRowsForm broad = new(format, rows, IsBroad: true);
            yield return broad;
            yield return broad with { IsBroad = false };
            yield return broad with { IsGated = true };
        }
    }

    /// <summary>The way for a number of rows.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="rows">Of the input.</param>
    /// <param name="outputs">Of each weight, one after the other.</param>
    /// <param name="multiprocessors">Of the device.</param>
    /// <param name="isGated">Whether they are a gate and what it gates, to be computed as such if that is broad.</param>
    public static CudaFewRowsForm For(CudaLinearFormat format, int rows, ReadOnlySpan<int> outputs, int multiprocessors, bool isGated = false)
    {
        CudaFewRowsForm broad = new(format, RowsFor(rows), IsBroad: true, isGated);
        int blocks = 0;
        bool isEven = true;
        foreach (int count in outputs)
        {
            blocks += (count + broad.BlockOutputs - 1) / broad.BlockOutputs;
            isEven &= format.IsCodes || count % BroadOutputs == 0;
        }
        return broad with { IsBroad = isEven && blocks >= 2 * multiprocessors };
    }
}
