using System.Runtime.InteropServices;

namespace Llama.Model.Kernels;

/// <summary>Memory for intermediate results, kept between calls and growing with the largest: a warm step allocates nothing. The garbage collector owns it, pinned.</summary>
internal sealed unsafe class ScratchMemory
{
    private const int Alignment = 64; // a cache line, and the widest register
    private const int Least = 64 << 10;

    private byte[] _memory = [];

    /// <summary>At least so many bytes, aligned to cache lines; what an earlier call got is no longer valid.</summary>
    public void* Get(long bytes)
    {
        if (_memory.Length < bytes + Alignment) _memory = GC.AllocateUninitializedArray<byte>(checked((int)Math.Max(Math.Max(bytes + Alignment, Least), 2L * _memory.Length)), pinned: true);
        nuint start = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        return (void*)((start + Alignment - 1) / Alignment * Alignment);
    }
}
