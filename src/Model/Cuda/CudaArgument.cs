namespace Llama.Model.Cuda;

/// <summary>The value of one parameter of a kernel, at the start of eight bytes whatever its size.</summary>
internal readonly unsafe struct CudaArgument
{
    private CudaArgument(ulong bits) => Bits = bits;

    /// <summary>The value in its lowest bytes.</summary>
    public ulong Bits { get; }

    public static implicit operator CudaArgument(nint address) => new((ulong)address);

    public static implicit operator CudaArgument(void* address) => new((ulong)address);

    public static implicit operator CudaArgument(int value) => new((uint)value);

    public static implicit operator CudaArgument(long value) => new((ulong)value);

    public static implicit operator CudaArgument(float value) => new(BitConverter.SingleToUInt32Bits(value));
}
