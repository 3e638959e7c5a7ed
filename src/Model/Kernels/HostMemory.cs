using System.Runtime.InteropServices;
using Llama.Model.Checkpoints;
using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>The processor's own memory. What is of the right type already stays where it is, be it in a mapped file.</summary>
internal sealed unsafe class HostMemory : DeviceMemory
{
    private const int Alignment = 64; // a cache line, and the widest register

    private static readonly Action<nint> Free = memory => NativeMemory.AlignedFree((void*)memory);

    /// <param name="sharers">How many devices of this processor share what is free, each with an account of its own.</param>
    public HostMemory(int sharers) => Sharers = sharers;

    /// <summary>All of it.</summary>
    public static HostMemory Instance { get; } = new(sharers: 1);

    /// <summary>Devices of this processor that share what is free.</summary>
    public int Sharers { get; }

    public override bool IsHost => true;

    /// <summary>An equal share, under the container's limit where there is one.</summary>
    public override long FreeBytes() => SystemMemory.OfThisMachine.LeftBytes / Sharers;

    public override Matrix Empty(int rows, int columns, ScalarType dtype) => Allocate(rows, columns, dtype, Alignment);

    /// <summary>A matrix that will be written once and read through often: aligned to huge pages, and of them where it fills some. Not cleared.</summary>
    public static Matrix EmptyForReading(int rows, int columns, ScalarType dtype)
    {
        long bytes = Matrix.BytesOf(rows, columns, dtype);
        Matrix matrix = Allocate(rows, columns, dtype, bytes >= PageAdvice.HugePageBytes ? PageAdvice.HugePageBytes : Alignment);
        PageAdvice.WantHugePages(matrix.Data, bytes);
        return matrix;
    }

    /// <summary>Memory of someone else, who keeps it longer than the matrix.</summary>
    public static Matrix Wrap(void* data, int rows, int columns, ScalarType dtype) => new(data, rows, columns, dtype, isOnHost: true, free: null);

    /// <summary>A copy of some values.</summary>
    public static Matrix Of(ReadOnlySpan<float> values, int rows, int columns)
    {
        Matrix matrix = Instance.Empty(rows, columns, ScalarType.Float32);
        values.CopyTo(new Span<float>(matrix.Data, checked(rows * columns)));
        return matrix;
    }

    public override Matrix Place(Matrix onHost, ScalarType dtype)
    {
        if (onHost.Dtype == dtype) return onHost;
        using (onHost)
        {
            Matrix converted = EmptyForReading(onHost.Rows, onHost.Columns, dtype);
            FloatConversion.Run(onHost.Data, onHost.Dtype, converted.Data, dtype, (long)onHost.Rows * onHost.Columns);
            return converted;
        }
    }

    public override Weight Place(QuantizedWeight onHost) => onHost;

    public override void Upload(Matrix onHost, Matrix target) => NativeMemory.Copy(onHost.Data, target.Data, (nuint)target.ByteCount);

    public override void Download(Matrix matrix, void* target) => NativeMemory.Copy(matrix.Data, target, (nuint)matrix.ByteCount);

    private static Matrix Allocate(int rows, int columns, ScalarType dtype, int alignment)
    {
        void* data = NativeMemory.AlignedAlloc((nuint)Math.Max(Matrix.BytesOf(rows, columns, dtype), 1), (nuint)alignment);
        return new Matrix(data, rows, columns, dtype, isOnHost: true, Free);
    }
}
