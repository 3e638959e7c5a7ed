using Llama.Model.Threads;

namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Paged causal attention in the manner of FlashAttention (Dao 2023), for prompts and decode rows alike. Plan: <see cref="AttentionPlan"/> cuts the batch into tiles of query rows
/// that share a key head. For each span of a tile's context, keys and values are widened once for all of its rows; blocks of rows then go through scores, softmax and the
/// weighted sum of values. Spans are merged in the order of their positions.
/// <para>A row's result depends on its query and its context alone: spans are cut at absolute positions, and every sum has one order.</para>
/// </summary>
internal static unsafe class SimdAttention<TLanes, TCache> where TLanes : struct, ILanes<TLanes> where TCache : unmanaged
{
    private struct Job
    {
        public float* Queries, Output; // [tokens, heads, headDim]
        public CacheHead<TCache> Keys, Values; // of head 0
        public int* BlockTables;
        public int BlockTableStride, BlockSize, HeadCount, GroupSize;
        public float Scale;
        public AttentionTile* Tiles;
        public AttentionItem* Items;
        public int ItemCount, NextItem;
        public AttentionWorkspace Layout;
        public float* Memory, States;
    }

    /// <summary>See <see cref="IKernels.Attend"/>.</summary>
    public static void Run(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output, AttentionPlan plan, ScratchMemory memory, int threads)
    {
        plan.Build(batch, shape, threads);
        AttentionWorkspace layout = new(shape.HeadDim, plan.MaxRows, TLanes.Count);
        fixed (int* tables = batch.BlockTables)
        {
            Job job = new()
            {
                Queries = queries.Floats,
                Output = output.Floats,
                Keys = Head(cache.Keys, cache.KeyScales, shape),
                Values = Head(cache.Values, cache.ValueScales, shape),
                BlockTables = tables,
                BlockTableStride = batch.BlockTableStride,
                BlockSize = shape.BlockSize,
                HeadCount = shape.HeadCount,
                GroupSize = shape.GroupSize,
                Scale = shape.Scale,
                Tiles = plan.Tiles,
                Items = plan.Items,
                ItemCount = plan.ItemCount,
                Layout = layout,
                Memory = (float*)memory.Get(((long)plan.WorkerCount * layout.Floats + (long)plan.StateRows * layout.StateFloats) * sizeof(float)),
            };
            job.States = job.Memory + (long)plan.WorkerCount * layout.Floats;
            ParallelFor.Run(plan.WorkerCount, 1, &Work, &job);
        }
    }

    private static CacheHead<TCache> Head(Matrix elements, Matrix? scales, AttentionShape shape) => new()
    {
        First = (TCache*)elements.Data,
        Stride = elements.Columns,
        HeadDim = shape.HeadDim,
        Scales = scales is null ? null : scales.Floats,
        ScaleStride = shape.KvHeadCount,
    };

    // Threads take the next item when they are done with one: contexts differ, and so do threads' speeds.
    private static void Work(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long worker = begin; worker < end; worker++)
        {
            float* memory = job.Memory + worker * job.Layout.Floats;
            for (int item; (item = Interlocked.Increment(ref job.NextItem) - 1) < job.ItemCount;) Run(ref job, memory, job.Items[item]);
        }
    }

    private static void Run(ref Job job, float* memory, AttentionItem item)
    {
        AttentionTile* tile = job.Tiles + item.Tile;
        float* states = item.Span < 0 ? memory + job.Layout.States : StatesOf(ref job, tile, item.Span);
        LoadQueries(ref job, tile, memory + job.Layout.Queries);
        if (item.Span >= 0) Span(ref job, memory, tile, item.Span, states, isFirst: true);
        else for (int span = 0; span < tile->SpanCount; span++) Span(ref job, memory, tile, span, states, isFirst: span == 0);
        if (item.Span >= 0)
        {
            if (Interlocked.Decrement(ref tile->Remaining) > 0) return;
            states = StatesOf(ref job, tile, 0);
            MergeSpans(ref job, tile, states);
        }
        Finish(ref job, tile, states);
    }

    private static int RowsOf(ref Job job, AttentionTile* tile) => tile->TokenCount * job.GroupSize;

    private static float* StatesOf(ref Job job, AttentionTile* tile, int span) => job.States + ((long)tile->FirstState + (long)span * RowsOf(ref job, tile)) * job.Layout.StateFloats;

    // [tokens, group, headDim]: a token's heads of one group lie side by side.
    private static long Offset(ref Job job, AttentionTile* tile, int token) =>
        ((long)(tile->FirstToken + token) * job.HeadCount + (long)tile->KvHead * job.GroupSize) * job.Keys.HeadDim;

    private static void LoadQueries(ref Job job, AttentionTile* tile, float* target)
    {
        int floats = job.GroupSize * job.Keys.HeadDim;
        for (int token = 0; token < tile->TokenCount; token++, target += floats)
            SimdVector<TLanes, float>.Scale(job.Queries + Offset(ref job, tile, token), job.Scale, target, floats);
    }

    private static void Span(ref Job job, float* memory, AttentionTile* tile, int span, float* states, bool isFirst)
    {
        int start = span * AttentionPlan.Span, count = Math.Min(AttentionPlan.Span, tile->FirstPosition + tile->TokenCount - start), rows = RowsOf(ref job, tile);
        LoadSpan(ref job, memory, tile, start, count);
        for (int row = 0; row < rows; row += AttentionWorkspace.BlockRows)
        {
            int blockRows = Math.Min(AttentionWorkspace.BlockRows, rows - row), limit = Limit(ref job, tile, row + blockRows - 1, start, count);
            if (limit == 0 && !isFirst) continue; // a span behind all of the block's tokens
            float* part = isFirst ? states + row * job.Layout.StateFloats : memory + job.Layout.Part;
            Block(ref job, memory, tile, row, blockRows, start, limit, part);
            for (int r = 0; r < blockRows && !isFirst; r++)
                SimdSoftmax<TLanes>.Merge(states + (row + r) * job.Layout.StateFloats, part + r * job.Layout.StateFloats, job.Layout.StateFloats);
        }
    }

    private static void LoadSpan(ref Job job, float* memory, AttentionTile* tile, int start, int count)
    {
        long* slots = (long*)(memory + job.Layout.Slots);
        int* blocks = job.BlockTables + (long)tile->Sequence * job.BlockTableStride;
        for (int i = 0; i < count; i++) slots[i] = (long)blocks[(start + i) / job.BlockSize] * job.BlockSize + (start + i) % job.BlockSize;
        SimdSpan<TLanes, TCache>.Keys(job.Keys.At(tile->KvHead), slots, count, memory + job.Layout.Keys, (uint*)(memory + job.Layout.Units));
        SimdSpan<TLanes, TCache>.Values(job.Values.At(tile->KvHead), slots, count, memory + job.Layout.Values, job.Layout.PaddedDim);
    }

    /// <summary>Positions of a span that a row sees.</summary>
    private static int Limit(ref Job job, AttentionTile* tile, int row, int start, int count) =>
        Math.Clamp(tile->FirstPosition + row / job.GroupSize + 1 - start, 0, count);

    // Scores, weights and the weighted values of some rows over one span.
    private static void Block(ref Job job, float* memory, AttentionTile* tile, int row, int rows, int start, int limit, float* part)
    {
        int headDim = job.Keys.HeadDim, registers = (limit + TLanes.Count - 1) / TLanes.Count, padded = registers * TLanes.Count;
        float* scores = memory + job.Layout.Scores;
        SimdTile<TLanes>.Multiply(memory + job.Layout.Queries + row * headDim, headDim, memory + job.Layout.Keys, AttentionPlan.Span, scores, AttentionPlan.Span, rows, headDim, registers);
        for (int r = 0; r < rows; r++)
            SimdSoftmax<TLanes>.Weigh(scores + r * AttentionPlan.Span, Limit(ref job, tile, row + r, start, limit), padded, part + r * job.Layout.StateFloats);
        SimdTile<TLanes>.Multiply(scores, AttentionPlan.Span, memory + job.Layout.Values, job.Layout.PaddedDim, part + SimdSoftmax<TLanes>.Head, job.Layout.StateFloats,
            rows, limit, job.Layout.PaddedDim / TLanes.Count);
    }

    private static void MergeSpans(ref Job job, AttentionTile* tile, float* states)
    {
        long floats = (long)RowsOf(ref job, tile) * job.Layout.StateFloats;
        for (int span = 1; span < tile->SpanCount; span++)
            for (long row = 0; row < floats; row += job.Layout.StateFloats)
                SimdSoftmax<TLanes>.Merge(states + row, states + span * floats + row, job.Layout.StateFloats);
    }

    private static void Finish(ref Job job, AttentionTile* tile, float* states)
    {
        int headDim = job.Keys.HeadDim;
        for (int token = 0; token < tile->TokenCount; token++)
            for (int head = 0; head < job.GroupSize; head++, states += job.Layout.StateFloats)
                SimdSoftmax<TLanes>.Finish(states, job.Output + Offset(ref job, tile, token) + head * headDim, headDim);
    }
}
