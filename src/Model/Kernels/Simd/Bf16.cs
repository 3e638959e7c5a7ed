using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels.Simd;

/// <summary>A bfloat16 in memory: the upper half of a float32.</summary>
internal readonly struct Bf16(ushort bits)
{
    public readonly ushort Bits = bits;

    public float ToFloat() => BitConverter.UInt32BitsToSingle((uint)Bits << 16);

    /// <summary>Rounds to nearest, ties to even, as torch does. Kernels never store NaN, so it needs no case of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bf16 From(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return new Bf16((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }
}
