using Llama.Model.Checkpoints;
using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>
/// A contiguous row-major tensor with its shape and address at hand, so that a kernel asks torch for nothing. The tensor owns the memory; a view of its first rows makes a tensor of its own
/// only for a kernel that asks for one.
/// </summary>
internal sealed unsafe class Matrix : IDisposable
{
    private readonly Dictionary<int, Matrix> _views = [];
    private readonly Matrix? _whole; // of a view
    private Tensor? _tensor;

    /// <summary>Takes over a tensor of this shape.</summary>
    public Matrix(Tensor tensor, int rows, int columns)
    {
        (_tensor, Rows, Columns, Dtype) = (tensor, rows, columns, tensor.dtype);
        Data = TensorMemory.Data(tensor);
    }

    private Matrix(Matrix whole, int rows)
    {
        (_whole, Rows, Columns, Dtype) = (whole, rows, whole.Columns, whole.Dtype);
        Data = whole.Data;
    }

    /// <summary>[rows, columns]</summary>
    public Tensor Tensor => _tensor ??= _whole!.Tensor.narrow(0, 0, Rows).DetachFromDisposeScope(); // of the kernel that happens to be the first to ask

    public int Rows { get; }

    public int Columns { get; }

    public ScalarType Dtype { get; }

    /// <summary>Address of the first element, in the device's memory.</summary>
    public void* Data { get; }

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
        if (!_views.TryGetValue(rows, out Matrix? view)) _views[rows] = view = new Matrix(this, rows);
        return view;
    }

    public void Dispose()
    {
        foreach (Matrix view in _views.Values) view.Dispose();
        _tensor?.Dispose();
    }
}
