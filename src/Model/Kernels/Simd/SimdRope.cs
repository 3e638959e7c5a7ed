using System.Runtime.CompilerServices;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Simd;

/// <summary>Rotation of queries and keys and the write of keys and values to the cache, one token at a time, tokens spread over threads.</summary>
internal static unsafe class SimdRope<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    private const long ElementsPerThread = 16 << 10;

    private struct Job
    {
        public float* Queries, Keys, Values, Cosines, Sines;
        public TCache* KeyCache, ValueCache; // see KvLayer
        public float* KeyScales, ValueScales; // of a cache of codes
        public int* Positions, Slots;
        public int QueryColumns, KeyColumns, HeadDim, KvHeadCount, BlockSize, Units;
    }

    /// <summary>See <see cref="IKernels.RotateAndStore"/>.</summary>
    public static void Run(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        fixed (int* positions = batch.Positions, slots = batch.Slots)
        {
            Job job = new()
            {
                Queries = queries.Floats,
                Keys = keys.Floats,
                Values = values.Floats,
                Cosines = rope.Cosines.Floats,
                Sines = rope.Sines.Floats,
                KeyCache = (TCache*)cache.Keys.Data,
                ValueCache = (TCache*)cache.Values.Data,
                KeyScales = cache.KeyScales is null ? null : cache.KeyScales.Floats,
                ValueScales = cache.ValueScales is null ? null : cache.ValueScales.Floats,
                Positions = positions,
                Slots = slots,
                QueryColumns = queries.Columns,
                KeyColumns = keys.Columns,
                HeadDim = shape.HeadDim,
                KvHeadCount = shape.KvHeadCount,
                BlockSize = shape.BlockSize,
                Units = KvLayer.UnitsOf(shape.HeadDim, cache.Keys.Dtype),
            };
            ParallelFor.Run(batch.TokenCount, Math.Max(1, ElementsPerThread / (queries.Columns + keys.Columns)), &Tokens, &job);
        }
    }

    private static void Tokens(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        uint* key = stackalloc uint[job.Units]; // what no element fills stays 0
        for (long t = begin; t < end; t++)
        {
            float* cosines = job.Cosines + (long)job.Positions[t] * (job.HeadDim / 2), sines = job.Sines + (long)job.Positions[t] * (job.HeadDim / 2);
            Rotate(job.Queries + t * job.QueryColumns, job.QueryColumns, job.HeadDim, cosines, sines);
            Rotate(job.Keys + t * job.KeyColumns, job.KeyColumns, job.HeadDim, cosines, sines);
            for (int head = 0; head < job.KvHeadCount; head++) Store(ref job, t * job.KeyColumns + (long)head * job.HeadDim, job.Slots[t], head, key);
        }
    }

    private static void Store(ref Job job, long source, int slot, int head, uint* key)
    {
        int offset = slot % job.BlockSize;
        long first = ((long)(slot / job.BlockSize) * job.KvHeadCount + head) * job.BlockSize; // slots before this head's in the block
        float keyScale = Encode(job.Keys + source, (TCache*)key, job.HeadDim);
        uint* units = (uint*)job.KeyCache + first * job.Units + offset;
        for (int unit = 0; unit < job.Units; unit++) units[unit * job.BlockSize] = key[unit];
        float valueScale = Encode(job.Values + source, job.ValueCache + (first + offset) * job.HeadDim, job.HeadDim);
        if (typeof(TCache) == typeof(sbyte)) (job.KeyScales[first + offset], job.ValueScales[first + offset]) = (keyScale, valueScale);
    }

    // In the cache's type; codes are x / scale to the nearest, scale = max |x| / 127.
    [MethodImpl(Compiled.AtOnce)]
    private static float Encode(float* x, TCache* codes, int count)
    {
        if (typeof(TCache) != typeof(sbyte))
        {
            SimdVector<TLanes, TCache>.Narrow(x, codes, count);
            return 1;
        }
        TLanes peaks = TLanes.Zero;
        int i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count) peaks = TLanes.Max(peaks, TLanes.Abs(TLanes.Load(x + i)));
        float peak = MathF.Max(TLanes.Max(peaks), KvLayer.SmallestPeak);
        for (; i < count; i++) peak = MathF.Max(peak, MathF.Abs(x[i]));
        float scale = peak / KvLayer.LargestCode;
        TLanes scales = TLanes.All(scale);
        for (i = 0; i + TLanes.Count <= count; i += TLanes.Count) SimdVector<TLanes, TCache>.Put(TLanes.Load(x + i) / scales, codes + i);
        for (; i < count; i++) SimdVector<TLanes, TCache>.Write(x[i] / scale, codes + i);
        return scale;
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void Rotate(float* row, int columns, int headDim, float* cosines, float* sines)
    {
        int half = headDim / 2;
        for (float* low = row; low < row + columns; low += headDim)
        {
            float* high = low + half;
            int i = 0;
            for (; i + TLanes.Count <= half; i += TLanes.Count)
            {
                TLanes x = TLanes.Load(low + i), y = TLanes.Load(high + i), cosine = TLanes.Load(cosines + i), sine = TLanes.Load(sines + i);
                TLanes.Store(x * cosine - y * sine, low + i);
                TLanes.Store(y * cosine + x * sine, high + i);
            }
            for (; i < half; i++) (low[i], high[i]) = (low[i] * cosines[i] - high[i] * sines[i], high[i] * cosines[i] + low[i] * sines[i]);
        }
    }
}
