using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Scores of query rows and keys, positions in the lanes: score[row, position] = Σ query[row, d] · key[position, d]. Each is one chain of fused multiply-adds in the order
/// of d, whatever tile it falls into.
/// </summary>
internal static unsafe class SimdScores<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    private const int TileRows = 4, TileGroups = 4;

    /// <summary>Positions that a tile has; scores are computed for whole tiles.</summary>
    public static int TilePositions => TileGroups * TLanes.Count;

    /// <summary>Computes the scores of the span's first positions.</summary>
    /// <param name="queries">[rows, stride]; as long as the keys with their filling.</param>
    /// <param name="ahead">Keys that will be wanted next; their memory is asked for meanwhile.</param>
    /// <param name="depth">Elements of a key, a last unit's filling included.</param>
    /// <param name="scores">[rows, <see cref="AttentionPlan.Span"/>]</param>
    public static void Multiply(float* queries, int stride, int rows, in SpanRows span, uint** ahead, int positions, int depth, float* scores)
    {
        // Positions outside, rows inside: a tile's keys are read into the first-level cache once and used by all rows.
        for (int position = 0; position < positions; position += TilePositions)
        {
            uint** keys = span.Keys + position / TLanes.Count;
            uint** later = ahead + position / TLanes.Count;
            int row = 0;
            for (; row + TileRows <= rows; row += TileRows, later = keys)
                Tile4x4(queries + row * stride, stride, keys, later, span.KeyStride, depth, scores + row * AttentionPlan.Span + position);
            for (; row < rows; row++, later = keys) Tile1x4(queries + row * stride, keys, later, span.KeyStride, depth, scores + row * AttentionPlan.Span + position);
        }
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile4x4(float* q0, int stride, uint** keys, uint** ahead, int keyStride, int depth, float* scores)
    {
        int n = TLanes.Count;
        float* q1 = q0 + stride, q2 = q1 + stride, q3 = q2 + stride;
        uint* k0 = keys[0], k1 = keys[1], k2 = keys[2], k3 = keys[3], a0 = ahead[0], a1 = ahead[1], a2 = ahead[2], a3 = ahead[3];
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TLanes s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TLanes s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        for (int d = 0; d < depth; d++)
        {
            long unit = (long)(d / SimdUnits<TLanes, TCache>.PerUnit) * keyStride;
            int part = d % SimdUnits<TLanes, TCache>.PerUnit;
            Prefetch.Second(a0 + unit); Prefetch.Second(a1 + unit); Prefetch.Second(a2 + unit); Prefetch.Second(a3 + unit);
            TLanes a = SimdUnits<TLanes, TCache>.Part(k0 + unit, part), b = SimdUnits<TLanes, TCache>.Part(k1 + unit, part);
            TLanes c = SimdUnits<TLanes, TCache>.Part(k2 + unit, part), e = SimdUnits<TLanes, TCache>.Part(k3 + unit, part);
            TLanes q = TLanes.All(q0[d]);
            s00 = TLanes.MultiplyAdd(q, a, s00); s01 = TLanes.MultiplyAdd(q, b, s01); s02 = TLanes.MultiplyAdd(q, c, s02); s03 = TLanes.MultiplyAdd(q, e, s03);
            q = TLanes.All(q1[d]);
            s10 = TLanes.MultiplyAdd(q, a, s10); s11 = TLanes.MultiplyAdd(q, b, s11); s12 = TLanes.MultiplyAdd(q, c, s12); s13 = TLanes.MultiplyAdd(q, e, s13);
            q = TLanes.All(q2[d]);
            s20 = TLanes.MultiplyAdd(q, a, s20); s21 = TLanes.MultiplyAdd(q, b, s21); s22 = TLanes.MultiplyAdd(q, c, s22); s23 = TLanes.MultiplyAdd(q, e, s23);
            q = TLanes.All(q3[d]);
            s30 = TLanes.MultiplyAdd(q, a, s30); s31 = TLanes.MultiplyAdd(q, b, s31); s32 = TLanes.MultiplyAdd(q, c, s32); s33 = TLanes.MultiplyAdd(q, e, s33);
        }
        SimdVector<TLanes, float>.Store(s00, s01, s02, s03, scores);
        SimdVector<TLanes, float>.Store(s10, s11, s12, s13, scores + AttentionPlan.Span);
        SimdVector<TLanes, float>.Store(s20, s21, s22, s23, scores + 2 * AttentionPlan.Span);
        SimdVector<TLanes, float>.Store(s30, s31, s32, s33, scores + 3 * AttentionPlan.Span);
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Tile1x4(float* query, uint** keys, uint** ahead, int keyStride, int depth, float* scores)
    {
        uint* k0 = keys[0], k1 = keys[1], k2 = keys[2], k3 = keys[3], a0 = ahead[0], a1 = ahead[1], a2 = ahead[2], a3 = ahead[3];
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        for (int d = 0; d < depth; d++)
        {
            long unit = (long)(d / SimdUnits<TLanes, TCache>.PerUnit) * keyStride;
            int part = d % SimdUnits<TLanes, TCache>.PerUnit;
            Prefetch.Second(a0 + unit); Prefetch.Second(a1 + unit); Prefetch.Second(a2 + unit); Prefetch.Second(a3 + unit);
            TLanes q = TLanes.All(query[d]);
            s0 = TLanes.MultiplyAdd(q, SimdUnits<TLanes, TCache>.Part(k0 + unit, part), s0);
            s1 = TLanes.MultiplyAdd(q, SimdUnits<TLanes, TCache>.Part(k1 + unit, part), s1);
            s2 = TLanes.MultiplyAdd(q, SimdUnits<TLanes, TCache>.Part(k2 + unit, part), s2);
            s3 = TLanes.MultiplyAdd(q, SimdUnits<TLanes, TCache>.Part(k3 + unit, part), s3);
        }
        SimdVector<TLanes, float>.Store(s0, s1, s2, s3, scores);
    }
}
