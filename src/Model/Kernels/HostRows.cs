using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>Results where the processor can read them: themselves, or a copy in memory that is kept between steps.</summary>
internal sealed unsafe class HostRows(DeviceMemory memory)
{
    private readonly ScratchMemory _copy = new(), _widened = new();

    /// <summary>The elements of a float32 or bfloat16 matrix in float32; good until the next call.</summary>
    public float* Of(Matrix matrix)
    {
        if (memory.IsHost || matrix.Rows == 0) return matrix.Floats;
        void* copy = _copy.Get(matrix.ByteCount);
        memory.Download(matrix, copy);
        if (matrix.Dtype == ScalarType.Float32) return (float*)copy;
        int count = matrix.Rows * matrix.Columns;
        float* widened = (float*)_widened.Get((long)count * sizeof(float));
        FloatConversion.FromBFloat16(new ReadOnlySpan<ushort>(copy, count), new Span<float>(widened, count));
        return widened;
    }
}
