using System.Runtime.InteropServices;

namespace Llama.Model.Kernels;

/// <summary>Memory for intermediate results, kept between calls and growing with the largest: a warm step allocates nothing. The garbage collector owns it, pinned; made of cache lines, of which an array holds more than 2 GiB.</summary>
internal sealed unsafe class ScratchMemory
{
    private const int Least = 64 << 10;

    private CacheLine[] _memory = [];

    /// <summary>At least so many bytes, aligned to cache lines; what an earlier call got is no longer valid.</summary>
    public void* Get(long bytes)
    {
        long lines = (bytes + sizeof(CacheLine) - 1) / sizeof(CacheLine) + 1; // one for the alignment
        if (_memory.Length < lines) _memory = GC.AllocateUninitializedArray<CacheLine>(checked((int)Math.Max(lines, Math.Max(Least / sizeof(CacheLine), _memory.Length * 5L / 4))), pinned: true);
        nuint start = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0), alignment = (nuint)sizeof(CacheLine);
        return (void*)((start + alignment - 1) / alignment * alignment);
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)] // the widest register too
    private struct CacheLine;
}
