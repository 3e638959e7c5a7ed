using Llama.Model.Checkpoints;
using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>A contiguous row-major tensor with its shape and address at hand, so that a kernel asks torch for nothing. The tensor owns the memory.</summary>
internal sealed unsafe class Matrix(Tensor tensor, int rows, int columns) : IDisposable
{
    private readonly Dictionary<int, Matrix> _views = [];

    /// <summary>[rows, columns]</summary>
    public Tensor Tensor { get; } = tensor;

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public ScalarType Dtype { get; } = tensor.dtype;

    /// <summary>Address of the first element, in the device's memory.</summary>
    public void* Data { get; } = TensorMemory.Data(tensor);

    public float* Floats => (float*)Data;

    public long ByteCount => (long)Rows * Columns * Tensor.element_size();

    /// <summary>Allocates without clearing.</summary>
    public static Matrix Empty(int rows, int columns, ScalarType dtype, Device device) => new(empty(rows, columns, dtype: dtype, device: device), rows, columns);

    /// <summary>Takes over a one- or two-dimensional tensor; a vector becomes one row.</summary>
    public static Matrix Of(Tensor tensor)
    {
        long[] shape = tensor.shape;
        return shape.Length == 1 ? new Matrix(tensor, 1, (int)shape[0]) : new Matrix(tensor, (int)shape[0], (int)shape[1]);
    }

    /// <summary>The first rows as a matrix of their own. Views are kept, so a warm step allocates none.</summary>
    public Matrix Take(int rows)
    {
        if (rows == Rows) return this;
        if (!_views.TryGetValue(rows, out Matrix? view)) _views[rows] = view = new Matrix(Tensor.narrow(0, 0, rows), rows, Columns);
        return view;
    }

    public void Dispose()
    {
        foreach (Matrix view in _views.Values) view.Dispose();
        Tensor.Dispose();
    }
}
