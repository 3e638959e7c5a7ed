using System.Runtime.InteropServices;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Simd;

/// <summary>
/// Paged causal attention. Work items are (token, key head); each item reads its sequence's keys and values through the block table once for all query
/// heads of the group: scores of the whole context, softmax, weighted sum of values, always in position order, so that a token's result does not depend
/// on chunks, batch or blocks.
/// </summary>
internal static unsafe class SimdAttention<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    private const long WorkPerThread = 16 << 10; // multiply-adds worth waking a thread for

    private struct Job
    {
        public float* Queries, Output;
        public TCache* Keys, Values;
        public int* TokenStarts, Positions, BlockTables;
        public int SequenceCount, BlockTableStride, MaxContext;
        public int HeadCount, KvHeadCount, HeadDim, BlockSize;
        public float Scale;
    }

    /// <summary>See <see cref="IKernels.Attend"/>.</summary>
    public static void Run(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output)
    {
        fixed (int* starts = batch.TokenStarts, positions = batch.Positions, tables = batch.BlockTables)
        {
            Job job = new()
            {
                Queries = queries.Floats,
                Output = output.Floats,
                Keys = (TCache*)cache.Keys.Data,
                Values = (TCache*)cache.Values.Data,
                TokenStarts = starts,
                Positions = positions,
                BlockTables = tables,
                SequenceCount = batch.SequenceCount,
                BlockTableStride = batch.BlockTableStride,
                HeadCount = shape.HeadCount,
                KvHeadCount = shape.KvHeadCount,
                HeadDim = shape.HeadDim,
                BlockSize = shape.BlockSize,
                Scale = shape.Scale,
            };
            long contexts = 0;
            for (int s = 0; s < batch.SequenceCount; s++)
            {
                contexts += batch.ContextLengths[s];
                job.MaxContext = Math.Max(job.MaxContext, batch.ContextLengths[s]);
            }
            long workPerItem = Math.Max(1, contexts / batch.SequenceCount) * shape.GroupSize * shape.HeadDim * 2;
            ParallelFor.Run((long)batch.TokenCount * shape.KvHeadCount, Math.Max(1, WorkPerThread / workPerItem), &Items, &job);
        }
    }

    private static void Items(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        int group = job.HeadCount / job.KvHeadCount, sequence = 0;
        float* scores = (float*)NativeMemory.Alloc((nuint)((long)group * job.MaxContext), sizeof(float)); // [group, context]; not managed, a few per step
        try
        {
            for (long item = begin; item < end; item++)
            {
                int token = (int)(item / job.KvHeadCount), kvHead = (int)(item % job.KvHeadCount);
                while (job.TokenStarts[sequence + 1] <= token) sequence++;
                Item(ref job, token, kvHead, job.BlockTables + (long)sequence * job.BlockTableStride, scores);
            }
        }
        finally
        {
            NativeMemory.Free(scores);
        }
    }

    private static void Item(ref Job job, int token, int kvHead, int* blocks, float* scores)
    {
        int group = job.HeadCount / job.KvHeadCount, headDim = job.HeadDim, context = job.Positions[token] + 1, stride = job.KvHeadCount * headDim;
        long first = (long)token * job.HeadCount * headDim + (long)kvHead * group * headDim;
        float* queries = job.Queries + first, output = job.Output + first;
        for (int position = 0; position < context; position++)
        {
            TCache* key = job.Keys + Slot(ref job, blocks, position) * stride + kvHead * headDim;
            for (int g = 0; g < group; g++) scores[(long)g * context + position] = SimdVector<TLanes, TCache>.Dot(queries + g * headDim, key, headDim);
        }
        for (int g = 0; g < group; g++) Softmax(scores + (long)g * context, context, job.Scale);
        new Span<float>(output, group * headDim).Clear();
        for (int position = 0; position < context; position++)
        {
            TCache* value = job.Values + Slot(ref job, blocks, position) * stride + kvHead * headDim;
            for (int g = 0; g < group; g++) SimdVector<TLanes, TCache>.AddScaled(scores[(long)g * context + position], value, output + g * headDim, headDim);
        }
    }

    private static long Slot(ref Job job, int* blocks, int position) => (long)blocks[position / job.BlockSize] * job.BlockSize + position % job.BlockSize;

    private static void Softmax(float* scores, int count, float scale)
    {
        float largest = float.NegativeInfinity;
        for (int j = 0; j < count; j++) largest = MathF.Max(largest, scores[j]);
        TLanes shift = TLanes.All(largest), scales = TLanes.All(scale), sum = TLanes.Zero;
        int i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
        {
            TLanes weight = TLanes.Exp((TLanes.Load(scores + i) - shift) * scales);
            TLanes.Store(weight, scores + i);
            sum += weight;
        }
        float total = TLanes.Sum(sum);
        for (; i < count; i++) total += scores[i] = MathF.Exp((scores[i] - largest) * scale);
        float inverse = 1 / total;
        for (int j = 0; j < count; j++) scores[j] *= inverse;
    }
}
