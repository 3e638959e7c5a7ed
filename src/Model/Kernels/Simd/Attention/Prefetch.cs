using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Asks for memory before it is needed. A head's part of a block is some 2 KB, and blocks lie anywhere: too short for the processor to foresee by itself. Any address
/// will do, also one of nothing.
/// </summary>
internal static unsafe class Prefetch
{
    /// <summary>32-bit units in a cache line.</summary>
    public const int LineUnits = 16;

    /// <summary>Into the second-level cache: the first holds what is worked on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Second(uint* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }
}
