using Llama.Model.Checkpoints;
using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>
/// A contiguous row-major matrix: an address, a shape and a type, so that a kernel asks nobody for anything. Some <see cref="DeviceMemory"/> made it; it gives its memory back when disposed.
/// A tensor on it, or a view of its first rows, is made for the kernel that is the first to ask.
/// </summary>
internal sealed unsafe class Matrix : IDisposable
{
    private const int MostViewTensors = 16; // more than a step asks for: without a bound there would be one for each number of rows that ever occurred

    private readonly Dictionary<int, Matrix> _views = [];
    private readonly List<Matrix> _shown = []; // views with a tensor, the one that was last asked for at the end
    private readonly Matrix? _whole; // of a view
    private readonly Action<nint>? _free;
    private Tensor? _tensor;

    /// <summary>A matrix in memory of this address.</summary>
    /// <param name="data">First element.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="isOnHost">Whether the processor can read it.</param>
    /// <param name="free">Gives the memory back; null where it is someone else's, who keeps it longer than this.</param>
    public Matrix(void* data, int rows, int columns, ScalarType dtype, bool isOnHost, Action<nint>? free)
    {
        Data = data;
        (Rows, Columns, Dtype, IsOnHost, _free) = (rows, columns, dtype, isOnHost, free);
    }

    private Matrix(Tensor tensor, int rows, int columns)
        : this(TensorMemory.Data(tensor), rows, columns, tensor.dtype, tensor.device_type == TorchSharp.DeviceType.CPU, free: null) => _tensor = tensor;

    private Matrix(Matrix whole, int rows) : this(whole.Data, rows, whole.Columns, whole.Dtype, whole.IsOnHost, free: null) => _whole = whole;

    /// <summary>[rows, columns], on the same memory.</summary>
    /// <exception cref="InvalidOperationException">The memory is not torch's, nor such as torch can be given.</exception>
    public Tensor Tensor => _whole is null ? _tensor ??= MakeTensor() : _whole.TensorOf(this);

    public int Rows { get; }

    public int Columns { get; }

    public ScalarType Dtype { get; }

    /// <summary>Whether the processor can read it.</summary>
    public bool IsOnHost { get; }

    /// <summary>Address of the first element, in the device's memory.</summary>
    public void* Data { get; }

    public float* Floats => (float*)Data;

    /// <summary>[columns] of one on the host, whose elements are of this type.</summary>
    public Span<T> Row<T>(int row) where T : unmanaged => new((T*)Data + (long)row * Columns, Columns);

    /// <summary>Whether its memory is given back when it is disposed.</summary>
    public bool OwnsMemory => _free is not null;

    public long ByteCount => BytesOf(Rows, Columns, Dtype);

    /// <summary>Bytes of a matrix.</summary>
    public static long BytesOf(long rows, long columns, ScalarType dtype) => checked(rows * columns * ElementBytes(dtype));

    /// <summary>Bytes of an element.</summary>
    public static int ElementBytes(ScalarType dtype) => dtype switch
    {
        ScalarType.Byte or ScalarType.Int8 => 1,
        ScalarType.BFloat16 or ScalarType.Float16 => 2,
        _ => 4,
    };

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
        if (_whole is not null) return _whole.Take(rows);
        if (!_views.TryGetValue(rows, out Matrix? view)) _views[rows] = view = new Matrix(this, rows);
        return view;
    }

    /// <summary>Some rows as a matrix on the same memory, which must outlive it.</summary>
    public Matrix Slice(int first, int rows) => new((byte*)Data + BytesOf(first, Columns, Dtype), rows, Columns, Dtype, IsOnHost, free: null);

    public void Dispose()
    {
        foreach (Matrix view in _views.Values) view.Dispose();
        _tensor?.Dispose();
        _free?.Invoke((nint)Data);
    }

    private Tensor TensorOf(Matrix view)
    {
        if (_shown is not [.., var last] || last != view)
        {
            if (view._tensor is not null) _shown.Remove(view);
            else if (_shown.Count == MostViewTensors) Hide(_shown[0]);
            _shown.Add(view);
        }
        return view._tensor ??= Tensor.narrow(0, 0, view.Rows).DetachFromDisposeScope();
    }

    private void Hide(Matrix view)
    {
        _shown.Remove(view);
        view._tensor!.Dispose();
        view._tensor = null;
    }

    private Tensor MakeTensor()
    {
        if (!IsOnHost) throw new InvalidOperationException("A plain kernel asks for a tensor in memory that the CUDA driver gave: plain kernels on CUDA need matrices of torch's own memory.");
        return TensorMemory.Wrap(Data, [Rows, Columns], Dtype).DetachFromDisposeScope();
    }
}
