using Llama.Model.Threads;

namespace Llama.Model.Kernels.Simd;

/// <summary>Rotation of queries and keys and the write of keys and values to the cache, one token at a time, tokens spread over threads.</summary>
internal static unsafe class SimdRope<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    private const long ElementsPerThread = 16 << 10;

    private struct Job
    {
        public float* Queries, Keys, Values, Cosines, Sines;
        public TCache* KeyCache, ValueCache;
        public int* Positions, Slots;
        public int QueryColumns, KeyColumns, HeadDim;
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
                Positions = positions,
                Slots = slots,
                QueryColumns = queries.Columns,
                KeyColumns = keys.Columns,
                HeadDim = shape.HeadDim,
            };
            ParallelFor.Run(batch.TokenCount, Math.Max(1, ElementsPerThread / (queries.Columns + keys.Columns)), &Tokens, &job);
        }
    }

    private static void Tokens(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long t = begin; t < end; t++)
        {
            float* cosines = job.Cosines + (long)job.Positions[t] * (job.HeadDim / 2), sines = job.Sines + (long)job.Positions[t] * (job.HeadDim / 2);
            float* keys = job.Keys + t * job.KeyColumns;
            Rotate(job.Queries + t * job.QueryColumns, job.QueryColumns, job.HeadDim, cosines, sines);
            Rotate(keys, job.KeyColumns, job.HeadDim, cosines, sines);
            long slot = (long)job.Slots[t] * job.KeyColumns;
            SimdVector<TLanes, TCache>.Narrow(keys, job.KeyCache + slot, job.KeyColumns);
            SimdVector<TLanes, TCache>.Narrow(job.Values + t * job.KeyColumns, job.ValueCache + slot, job.KeyColumns);
        }
    }

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
