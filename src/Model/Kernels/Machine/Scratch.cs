using System.Runtime.InteropServices;

namespace Llama.Model.Kernels.Machine;

/// <summary>Memory outside the managed heap that grows to the largest size asked for and is not cleared. Aligned to registers.</summary>
internal sealed unsafe class Scratch
{
    private byte* _data;
    private long _capacity;

    /// <summary>At least so many bytes; what was there before is lost when it grows.</summary>
    public byte* Reserve(long bytes)
    {
        if (bytes <= _capacity) return _data;
        NativeMemory.AlignedFree(_data);
        _data = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        _capacity = bytes;
        return _data;
    }

    ~Scratch() => NativeMemory.AlignedFree(_data);
}
