namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>Brings one head's keys or values of a span of positions out of the paged cache, as float32, in the order in which <see cref="SimdTile{TLanes}"/> reads them.</summary>
internal static unsafe class SimdSpan<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    private const int UnitsPerStep = 4; // of 32 bits, what ILanes.Transpose takes of each row

    private static int PerUnit => sizeof(uint) / sizeof(TCache);

    /// <summary>Keys, transposed: target[d, position].</summary>
    /// <param name="slots">[count] where the positions lie.</param>
    /// <param name="target">[headDim, <see cref="AttentionPlan.Span"/>]; the last register is filled up with copies of the last position.</param>
    /// <param name="units">[4 · lanes]</param>
    public static void Keys(in CacheHead<TCache> head, long* slots, int count, float* target, uint* units)
    {
        uint** rows = stackalloc uint*[TLanes.Count];
        float* scales = (float*)units + UnitsPerStep * TLanes.Count;
        for (int first = 0; first < count; first += TLanes.Count)
        {
            for (int i = 0; i < TLanes.Count; i++)
            {
                long slot = slots[Math.Min(first + i, count - 1)];
                rows[i] = (uint*)(head.First + slot * head.Stride);
                if (typeof(TCache) == typeof(sbyte)) scales[i] = head.Scales[slot * head.ScaleStride];
            }
            int d = 0, step = UnitsPerStep * PerUnit;
            for (; d + step <= head.HeadDim; d += step) Step(rows, d / PerUnit, target + d * AttentionPlan.Span + first, units, scales);
            for (; d < head.HeadDim; d++)
                for (int i = 0; i < TLanes.Count; i++) target[d * AttentionPlan.Span + first + i] = Scaled(SimdVector<TLanes, TCache>.Read((TCache*)rows[i] + d), scales + i);
        }
    }

    /// <summary>Values: target[position, d].</summary>
    /// <param name="target">[count, headDim], <paramref name="stride"/> apart.</param>
    public static void Values(in CacheHead<TCache> head, long* slots, int count, float* target, int stride)
    {
        for (int i = 0; i < count; i++, target += stride)
        {
            TCache* row = head.First + slots[i] * head.Stride;
            float* scale = head.Scales + slots[i] * head.ScaleStride;
            TLanes scales = typeof(TCache) == typeof(sbyte) ? TLanes.All(*scale) : default;
            int d = 0;
            for (; d + TLanes.Count <= head.HeadDim; d += TLanes.Count) TLanes.Store(Scaled(SimdVector<TLanes, TCache>.Load(row + d), scales), target + d);
            for (; d < head.HeadDim; d++) target[d] = Scaled(SimdVector<TLanes, TCache>.Read(row + d), scale);
        }
    }

    // Sixteen bytes of each row become as many rows of the target as they hold elements.
    private static void Step(uint** rows, int offset, float* target, uint* units, float* scales)
    {
        if (typeof(TCache) == typeof(float))
        {
            TLanes.Transpose(rows, offset, (uint*)target, AttentionPlan.Span);
            return;
        }
        TLanes.Transpose(rows, offset, units, TLanes.Count);
        TLanes scale = typeof(TCache) == typeof(sbyte) ? TLanes.Load(scales) : default;
        for (int unit = 0; unit < UnitsPerStep; unit++, units += TLanes.Count)
            for (int part = 0; part < PerUnit; part++, target += AttentionPlan.Span)
                TLanes.Store(typeof(TCache) == typeof(sbyte) ? TLanes.Quarter(units, part) * scale : TLanes.Half(units, part), target);
    }

    private static TLanes Scaled(TLanes value, TLanes scale) => typeof(TCache) == typeof(sbyte) ? value * scale : value;

    private static float Scaled(float value, float* scale) => typeof(TCache) == typeof(sbyte) ? value * *scale : value;
}
