using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>Products with float32 weights by <c>linear_float.cu</c>, for any number of rows; made for few.</summary>
internal sealed unsafe class CudaLinearFloat(CudaStream stream)
{
    private const int BlockOutputs = 32, MostRows = 8;

    private readonly CudaKernel _one = Load(stream, 1), _several = Load(stream, MostRows);

    /// <summary>output = input · weightᵀ for each of one to three projections, or output += when <paramref name="add"/>.</summary>
    public void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        int rows = input.Rows == 1 ? 1 : MostRows, columns = 0;
        foreach (Projection projection in projections) columns += (projection.Weight.Outputs + BlockOutputs - 1) / BlockOutputs;
        CudaLinearOperand a = new(projections, 0), b = new(projections, 1), c = new(projections, 2);
        (input.Rows == 1 ? _one : _several).Launch(new LaunchShape((input.Rows + rows - 1) / rows, columns, 1, 256), (nint)input.Data, input.Rows, input.Columns, add ? 1 : 0,
            a.Weight, a.Output, a.Outputs, b.Weight, b.Output, b.Outputs, c.Weight, c.Output, c.Outputs);
    }

    private static CudaKernel Load(CudaStream stream, int rows) => stream.Load(new CudaUnit("linear_float.cu", [$"ROWS={rows}"])).Kernel("linear_float");
}
