using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels.Simd;

/// <summary>Units of 32 bits, a register of them, that hold 1, 2 or 4 elements each: float, <see cref="Bf16"/> or sbyte.</summary>
internal static unsafe class SimdUnits<TLanes, TStored> where TLanes : struct, ILanes<TLanes> where TStored : unmanaged
{
    /// <summary>Elements in a unit.</summary>
    public static int PerUnit => sizeof(uint) / sizeof(TStored);

    /// <summary>The elements at one place within their units.</summary>
    /// <param name="units">[lanes]</param>
    /// <param name="part">0 for the element first in memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Part(uint* units, int part)
    {
        if (typeof(TStored) == typeof(sbyte)) return TLanes.Quarter(units, part);
        return typeof(TStored) == typeof(Bf16) ? TLanes.Half(units, part) : TLanes.Load((float*)units);
    }
}
