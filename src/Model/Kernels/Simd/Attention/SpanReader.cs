namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Finds one head's keys and values of a span of positions in the paged cache. Where blocks and heads are whole numbers of registers they are read where they lie; else they are
/// copied to where they are.
/// </summary>
internal static unsafe class SpanReader<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    /// <summary>Elements of a value as <see cref="SimdMix{TLanes, TCache}"/> reads it, filling included.</summary>
    public static int PaddedDim(int headDim) => (headDim + SimdMix<TLanes, TCache>.TileElements - 1) / SimdMix<TLanes, TCache>.TileElements * SimdMix<TLanes, TCache>.TileElements;

    /// <summary>From one unit of a key to its next, where it is read.</summary>
    public static int KeyStride(int blockSize) => blockSize % TLanes.Count == 0 ? blockSize : TLanes.Count;

    /// <summary>Finds the positions from <paramref name="start"/> on.</summary>
    /// <param name="blocks">The sequence's.</param>
    /// <param name="memory">The thread's, laid out as <paramref name="layout"/> says.</param>
    public static SpanRows Read(in CacheLayout<TCache> cache, int head, int* blocks, int start, int count, float* memory, in AttentionWorkspace layout)
    {
        SpanRows rows = new()
        {
            Keys = (uint**)(memory + layout.KeyAddresses),
            Values = (uint**)(memory + layout.ValueAddresses),
            KeyScales = memory + layout.KeyScales,
            ValueScales = memory + layout.ValueScales,
            KeyStride = KeyStride(cache.BlockSize),
            Count = count,
        };
        int block = start / cache.BlockSize, offset = start % cache.BlockSize;
        for (int position = 0, length; position < count; position += length, block++, offset = 0)
        {
            length = Math.Min(cache.BlockSize - offset, count - position);
            long first = cache.FirstSlot(blocks[block], head);
            FindKeys(cache, rows, cache.Keys + first * cache.Units + offset, position, length, (uint*)(memory + layout.KeyCopies));
            FindValues(cache, rows, cache.Values + (first + offset) * cache.HeadDim, position, length, (TCache*)(memory + layout.ValueCopies));
            if (typeof(TCache) != typeof(sbyte)) continue;
            new Span<float>(cache.KeyScales + first + offset, length).CopyTo(new Span<float>(rows.KeyScales + position, length));
            new Span<float>(cache.ValueScales + first + offset, length).CopyTo(new Span<float>(rows.ValueScales + position, length));
        }
        FillTile(rows, count);
        return rows;
    }

    private static void FindKeys(in CacheLayout<TCache> cache, in SpanRows rows, uint* source, int position, int length, uint* copies)
    {
        if (rows.KeyStride == cache.BlockSize)
        {
            for (int i = 0; i < length; i += TLanes.Count) rows.Keys[(position + i) / TLanes.Count] = source + i;
            return;
        }
        for (int i = position; i < position + length; i++, source++)
        {
            uint* target = copies + i / TLanes.Count * TLanes.Count * cache.Units + i % TLanes.Count;
            rows.Keys[i / TLanes.Count] = target - i % TLanes.Count;
            for (int unit = 0; unit < cache.Units; unit++) target[unit * TLanes.Count] = source[unit * cache.BlockSize];
        }
    }

    private static void FindValues(in CacheLayout<TCache> cache, in SpanRows rows, TCache* source, int position, int length, TCache* copies)
    {
        int padded = PaddedDim(cache.HeadDim);
        for (int i = position; i < position + length; i++, source += cache.HeadDim)
        {
            rows.Values[i] = (uint*)source;
            if (padded == cache.HeadDim) continue;
            rows.Values[i] = (uint*)(copies + i * padded);
            new Span<TCache>(source, cache.HeadDim).CopyTo(new Span<TCache>(rows.Values[i], cache.HeadDim));
        }
    }

    // Scores are computed by whole tiles, mixes by whole pairs; what lies beyond the last position is computed from its neighbours and not looked at, or times 0.
    private static void FillTile(in SpanRows rows, int count)
    {
        if (count % 2 != 0) rows.Values[count] = rows.Values[count - 1];
        int groups = (count + TLanes.Count - 1) / TLanes.Count, tile = SimdScores<TLanes, TCache>.TilePositions / TLanes.Count;
        for (int group = groups; group % tile != 0; group++) rows.Keys[group] = rows.Keys[groups - 1];
    }
}
