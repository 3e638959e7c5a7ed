using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Weighted sums of values: mix[row, d] = Σ weight[row, position] · value[position, d], each one chain of fused multiply-adds in the order of positions. The mix has the order
/// in which values leave their units: within a tile of <see cref="TileElements"/> first those of each unit's first place, then of the second.
/// </summary>
internal static unsafe class SimdMix<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    private const int TileRows = 4, TileRegisters = 4;

    /// <summary>Elements of a value that a tile has.</summary>
    public static int TileElements => TileRegisters * TLanes.Count;

    private static int PerUnit => SimdUnits<TLanes, TCache>.PerUnit;

    /// <summary>Computes the mixes.</summary>
    /// <param name="weights">[rows, <see cref="AttentionPlan.Span"/>]</param>
    /// <param name="values">[positions] whole tiles of elements.</param>
    /// <param name="ahead">[positions] values that will be wanted next; their memory is asked for meanwhile.</param>
    /// <param name="elements">Of a value, a whole number of tiles.</param>
    /// <param name="mix">[rows, stride]</param>
    public static void Multiply(float* weights, int rows, uint** values, uint** ahead, int positions, int elements, float* mix, int stride)
    {
        for (int element = 0; element < elements; element += TileElements)
        {
            int row = 0, unit = element / PerUnit;
            uint** later = ahead;
            for (; row + TileRows <= rows; row += TileRows, later = values) Tile4x4(weights + row * AttentionPlan.Span, values, later, unit, positions, mix + row * stride + element, stride);
            for (; row < rows; row++, later = values) Tile1x4(weights + row * AttentionPlan.Span, values, later, unit, positions, mix + row * stride + element);
        }
    }

    /// <summary>output = mix / sum, in the order of the value's elements.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static void Finish(float* mix, float sum, float* output, int headDim)
    {
        float inverse = 1 / sum;
        for (int first = 0; first < headDim; first += TLanes.Count * PerUnit)
            for (int part = 0; part < PerUnit; part++, mix += TLanes.Count)
                for (int lane = 0, d = first + part; lane < TLanes.Count && d < headDim; lane++, d += PerUnit) output[d] = mix[lane] * inverse;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Register(uint* value, int register) => SimdUnits<TLanes, TCache>.Part(value + register / PerUnit * TLanes.Count, register % PerUnit);

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile4x4(float* w0, uint** values, uint** ahead, int unit, int positions, float* mix, int stride)
    {
        float* w1 = w0 + AttentionPlan.Span, w2 = w1 + AttentionPlan.Span, w3 = w2 + AttentionPlan.Span;
        TLanes m00 = TLanes.Zero, m01 = TLanes.Zero, m02 = TLanes.Zero, m03 = TLanes.Zero;
        TLanes m10 = TLanes.Zero, m11 = TLanes.Zero, m12 = TLanes.Zero, m13 = TLanes.Zero;
        TLanes m20 = TLanes.Zero, m21 = TLanes.Zero, m22 = TLanes.Zero, m23 = TLanes.Zero;
        TLanes m30 = TLanes.Zero, m31 = TLanes.Zero, m32 = TLanes.Zero, m33 = TLanes.Zero;
        for (int p = 0; p < positions; p++)
        {
            uint* value = values[p] + unit, next = ahead[p] + unit;
            for (int line = 0; line < TileElements / PerUnit; line += Prefetch.LineUnits) Prefetch.Second(next + line);
            TLanes a = Register(value, 0), b = Register(value, 1), c = Register(value, 2), d = Register(value, 3), w = TLanes.All(w0[p]);
            m00 = TLanes.MultiplyAdd(w, a, m00); m01 = TLanes.MultiplyAdd(w, b, m01); m02 = TLanes.MultiplyAdd(w, c, m02); m03 = TLanes.MultiplyAdd(w, d, m03);
            w = TLanes.All(w1[p]);
            m10 = TLanes.MultiplyAdd(w, a, m10); m11 = TLanes.MultiplyAdd(w, b, m11); m12 = TLanes.MultiplyAdd(w, c, m12); m13 = TLanes.MultiplyAdd(w, d, m13);
            w = TLanes.All(w2[p]);
            m20 = TLanes.MultiplyAdd(w, a, m20); m21 = TLanes.MultiplyAdd(w, b, m21); m22 = TLanes.MultiplyAdd(w, c, m22); m23 = TLanes.MultiplyAdd(w, d, m23);
            w = TLanes.All(w3[p]);
            m30 = TLanes.MultiplyAdd(w, a, m30); m31 = TLanes.MultiplyAdd(w, b, m31); m32 = TLanes.MultiplyAdd(w, c, m32); m33 = TLanes.MultiplyAdd(w, d, m33);
        }
        SimdVector<TLanes, float>.Store(m00, m01, m02, m03, mix);
        SimdVector<TLanes, float>.Store(m10, m11, m12, m13, mix + stride);
        SimdVector<TLanes, float>.Store(m20, m21, m22, m23, mix + 2 * stride);
        SimdVector<TLanes, float>.Store(m30, m31, m32, m33, mix + 3 * stride);
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile1x4(float* weights, uint** values, uint** ahead, int unit, int positions, float* mix)
    {
        TLanes m0 = TLanes.Zero, m1 = TLanes.Zero, m2 = TLanes.Zero, m3 = TLanes.Zero;
        for (int p = 0; p < positions; p++)
        {
            uint* value = values[p] + unit, next = ahead[p] + unit;
            for (int line = 0; line < TileElements / PerUnit; line += Prefetch.LineUnits) Prefetch.Second(next + line);
            TLanes w = TLanes.All(weights[p]);
            m0 = TLanes.MultiplyAdd(w, Register(value, 0), m0);
            m1 = TLanes.MultiplyAdd(w, Register(value, 1), m1);
            m2 = TLanes.MultiplyAdd(w, Register(value, 2), m2);
            m3 = TLanes.MultiplyAdd(w, Register(value, 3), m3);
        }
        SimdVector<TLanes, float>.Store(m0, m1, m2, m3, mix);
    }
}
