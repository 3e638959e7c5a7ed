using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>
/// Products with bfloat16 and codes by <c>linear.cu</c>, for any number of rows. All launches can be captured: kernels are compiled when first asked for, which must be before.
/// <para>
/// Decoding waits for the weights, so blocks are laid out to read them once and evenly: few outputs and warps that share the inputs while rows are few, and where a weight has too few outputs
/// for all multiprocessors, several blocks that share the inputs.
/// </para>
/// </summary>
/// <param name="deterministic">Whether the order of a row's additions is the same in any batch: the inputs then are always shared in the same way.</param>
internal sealed unsafe class CudaLinearTiles(CudaStream stream, bool deterministic) : IDisposable
{
    private const int MostSplits = 8, LeastStages = 4, RowsAtOnce = 256; // of a launch whose blocks share the inputs: bounds the workspace

    private readonly Dictionary<CudaLinearTile, CudaKernel> _kernels = [];
    private readonly CudaLinearWorkspace _workspace = new(stream, stream.Driver.Device.MultiprocessorCount * (deterministic ? RowsAtOnce / 64 : 1));

    /// <summary>Begins to compile all that products with weights of this form can need.</summary>
    public void Prepare(CudaLinearFormat format)
    {
        foreach (int rows in (int[])[8, 16, 32, 64]) Kernel(TileFor(format, rows));
    }

    /// <summary>output = input · weightᵀ for each of one to three projections with weights of one form, or output += when <paramref name="add"/>.</summary>
    public void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        CudaLinearTile tile = TileFor(CudaLinearFormat.Of(projections[0].Weight), input.Rows);
        int columns = 0;
        foreach (Projection projection in projections) columns += Ceiling(projection.Weight.Outputs, tile.Outputs);
        int splits = SplitsOf(tile, columns, deterministic ? 1 : Ceiling(input.Rows, tile.Rows), input.Columns);
        int rowsAtOnce = splits > 1 ? RowsAtOnce : Math.Max(input.Rows, 1);
        for (int row = 0; row < input.Rows; row += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, input.Rows - row);
            Launch(Kernel(tile), new LaunchShape(Ceiling(rows, tile.Rows), columns, splits, CudaLinearTile.Threads, tile.SharedBytes), input, projections, add, row, rows);
        }
    }

    public void Dispose() => _workspace.Dispose();

    private void Launch(CudaKernel kernel, LaunchShape shape, Matrix input, ReadOnlySpan<Projection> projections, bool add, int row, int rows)
    {
        CudaQuantizedWeight? codes = projections[0].Weight as CudaQuantizedWeight;
        CudaLinearOperand a = new(projections, 0, row), b = new(projections, 1, row), c = new(projections, 2, row);
        kernel.Launch(shape, (nint)input.Data + (nint)row * input.Columns * 2, rows, input.Columns, codes?.GroupCount ?? 0, codes?.GroupShift ?? 0, CudaLinearOperand.ModeOf(projections[0].Output, add),
            _workspace.Sums, _workspace.Counters,
            a.Weight, a.Scales, a.Output, a.Outputs, b.Weight, b.Scales, b.Output, b.Outputs, c.Weight, c.Scales, c.Output, c.Outputs);
    }

    private CudaLinearTile TileFor(CudaLinearFormat format, int rows) => CudaLinearTile.For(format, rows, deterministic, stream.Driver.Device.SharedMemoryPerBlock);

    private CudaKernel Kernel(CudaLinearTile tile)
    {
        if (!_kernels.TryGetValue(tile, out CudaKernel? kernel))
            _kernels[tile] = kernel = stream.Load(new CudaUnit("linear.cu", tile.Constants)).Kernel("linear", tile.SharedBytes);
        return kernel;
    }

    // So many blocks that every multiprocessor has one, if the inputs are enough for them.
    private int SplitsOf(CudaLinearTile tile, int columns, int rowTiles, int inputs) =>
        Math.Clamp(Math.Min(stream.Driver.Device.MultiprocessorCount / (columns * rowTiles), Ceiling(inputs, tile.StageInputs) / LeastStages), 1, MostSplits);

    private static int Ceiling(int a, int b) => (a + b - 1) / b;
}
