using Llama.Model.Kernels.Machine;
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
        public CacheLayout<TCache> Cache;
        public int* BlockTables;
        public int BlockTableStride, HeadCount, GroupSize;
        public float Scale;
        public AttentionTile* Tiles;
        public AttentionItem* Items;
        public int ItemCount, NextItem;
        public AttentionWorkspace Layout;
        public AttentionCode Code; // of a cache in bfloat16, where the processor has the instructions
        public float* Memory, States;
    }

    /// <summary>See <see cref="IKernels.Attend"/>.</summary>
    public static void Run(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output, AttentionMemory memory, int threads, MachineAttention? machine)
    {
        AttentionPlan plan = memory.Plan;
        plan.Build(batch, shape, threads);
        CacheLayout<TCache> layer = new(cache, shape);
        AttentionWorkspace layout = new(layer.Units * SimdUnits<TLanes, TCache>.PerUnit, SpanReader<TLanes, TCache>.PaddedDim(shape.HeadDim), plan.MaxRows, TLanes.Count);
        fixed (int* tables = batch.BlockTables)
        {
            Job job = new()
            {
                Queries = queries.Floats,
                Output = output.Floats,
                Cache = layer,
                BlockTables = tables,
                BlockTableStride = batch.BlockTableStride,
                HeadCount = shape.HeadCount,
                GroupSize = shape.GroupSize,
                Scale = shape.Scale,
                Tiles = plan.Tiles,
                Items = plan.Items,
                ItemCount = plan.ItemCount,
                Layout = layout,
                Code = machine is null ? default : machine.CodeFor(SpanReader<TLanes, TCache>.KeyStride(shape.BlockSize), layout),
                Memory = (float*)memory.Workers.Get((long)threads * layout.Floats * sizeof(float)), // for all at once: a longer context then needs no more
                States = (float*)memory.States.Get((long)plan.StateRows * layout.StateFloats * sizeof(float)),
            };
            ParallelFor.Run(plan.WorkerCount, 1, &Work, &job);
        }
    }

    // Threads take the next item when they are done with one: contexts differ, and so do threads' speeds. They take it one ahead, to ask for its memory in time.
    private static void Work(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long worker = begin; worker < end; worker++)
        {
            int tileRows = 0; // that tile registers are set up for
            float* memory = job.Memory + worker * job.Layout.Floats, here = memory + job.Layout.Span, there = here + job.Layout.SpanFloats;
            AttentionStep step = Next(ref job, default);
            SpanRows span = Read(ref job, step, here);
            while (step.Tile != null)
            {
                AttentionStep next = Next(ref job, step);
                SpanRows ahead = Read(ref job, next, there);
                Run(ref job, memory, ref tileRows, step, span, next.Tile == null ? span : ahead);
                (step, span) = (next, ahead);
                float* free = here;
                here = there;
                there = free;
            }
            job.Code.SetRows(0, ref tileRows);
        }
    }

    private static AttentionStep Next(ref Job job, in AttentionStep step)
    {
        if (step.Tile != null && !step.IsAlone && step.Span + 1 < step.Tile->SpanCount) return step with { Span = step.Span + 1 };
        int index = Interlocked.Increment(ref job.NextItem) - 1;
        if (index >= job.ItemCount) return default;
        AttentionItem item = job.Items[index];
        return new AttentionStep { Tile = job.Tiles + item.Tile, Span = Math.Max(0, item.Span), IsAlone = item.Span >= 0 };
    }

    private static SpanRows Read(ref Job job, in AttentionStep step, float* memory)
    {
        if (step.Tile == null) return default;
        int start = step.Span * AttentionPlan.Span, count = Math.Min(AttentionPlan.Span, step.Tile->FirstPosition + step.Tile->TokenCount - start);
        return SpanReader<TLanes, TCache>.Read(job.Cache, step.Tile->KvHead, job.BlockTables + (long)step.Tile->Sequence * job.BlockTableStride, start, count, memory, job.Layout);
    }

    private static void Run(ref Job job, float* memory, ref int tileRows, in AttentionStep step, in SpanRows span, in SpanRows ahead)
    {
        AttentionTile* tile = step.Tile;
        float* states = step.IsAlone ? StatesOf(ref job, tile, step.Span) : memory + job.Layout.States;
        if (step.IsFirst) LoadQueries(ref job, tile, memory + job.Layout.Queries);
        Span(ref job, memory, ref tileRows, tile, span, ahead, step.Span * AttentionPlan.Span, states, step.IsFirst);
        if (step.IsAlone)
        {
            if (Interlocked.Decrement(ref tile->Remaining) > 0) return;
            states = StatesOf(ref job, tile, 0);
            MergeSpans(ref job, tile, states);
            Finish(ref job, tile, states);
        }
        else if (step.Span == tile->SpanCount - 1) Finish(ref job, tile, states);
    }

    private static int RowsOf(ref Job job, AttentionTile* tile) => tile->TokenCount * job.GroupSize;

    private static float* StatesOf(ref Job job, AttentionTile* tile, int span) => job.States + ((long)tile->FirstState + (long)span * RowsOf(ref job, tile)) * job.Layout.StateFloats;

    // [tokens, group, headDim]: a token's heads of one group lie side by side.
    private static long Offset(ref Job job, AttentionTile* tile, int token) =>
        ((long)(tile->FirstToken + token) * job.HeadCount + (long)tile->KvHead * job.GroupSize) * job.Cache.HeadDim;

    private static void LoadQueries(ref Job job, AttentionTile* tile, float* target)
    {
        int headDim = job.Cache.HeadDim;
        for (int token = 0; token < tile->TokenCount; token++)
            for (int head = 0; head < job.GroupSize; head++, target += job.Layout.Depth)
            {
                SimdVector<TLanes, float>.Scale(job.Queries + Offset(ref job, tile, token) + head * headDim, job.Scale, target, headDim);
                for (int d = headDim; d < job.Layout.Depth; d++) target[d] = 0;
            }
        if (!job.Code.Exists) return;
        int count = RowsOf(ref job, tile) * job.Layout.Depth;
        SimdVector<TLanes, Bf16>.Narrow(target - count, (Bf16*)(target - count), count); // never behind what it reads
    }

    private static void Span(ref Job job, float* memory, ref int tileRows, AttentionTile* tile, in SpanRows span, in SpanRows ahead, int start, float* states, bool isFirst)
    {
        int rows = RowsOf(ref job, tile);
        if (job.Code.IsOnTiles) ValuePanel.Fill(span.Values, ahead.Values, span.Count, job.Layout.MixDim, (byte*)(memory + job.Layout.Panel));
        for (int row = 0; row < rows; row += AttentionWorkspace.BlockRows)
        {
            int blockRows = Math.Min(AttentionWorkspace.BlockRows, rows - row), limit = Limit(ref job, tile, row + blockRows - 1, start, span.Count);
            if (limit == 0 && !isFirst) continue; // a span behind all of the block's tokens
            float* part = isFirst ? states + row * job.Layout.StateFloats : memory + job.Layout.Part;
            job.Code.SetRows(blockRows, ref tileRows);
            Block(ref job, memory, tile, span, row == 0 ? ahead : span, row, blockRows, start, limit, part);
            for (int r = 0; r < blockRows && !isFirst; r++)
                SimdSoftmax<TLanes>.Merge(states + (row + r) * job.Layout.StateFloats, part + r * job.Layout.StateFloats, job.Layout.StateFloats);
        }
    }

    /// <summary>Positions of a span that a row sees.</summary>
    private static int Limit(ref Job job, AttentionTile* tile, int row, int start, int count) =>
        Math.Clamp(tile->FirstPosition + row / job.GroupSize + 1 - start, 0, count);

    // Scores, weights and the weighted values of some rows over one span.
    private static void Block(ref Job job, float* memory, AttentionTile* tile, in SpanRows span, in SpanRows ahead, int row, int rows, int start, int limit, float* part)
    {
        int multiple = job.Code.IsOnTiles ? ValuePanel.Step : TLanes.Count, padded = (limit + multiple - 1) / multiple * multiple, depth = job.Layout.Depth;
        float* scores = memory + job.Layout.Scores;
        if (job.Code.Exists) job.Code.Score((Bf16*)(memory + job.Layout.Queries) + row * depth, rows, span.Keys, ahead.Keys, limit, scores);
        else SimdScores<TLanes, TCache>.Multiply(memory + job.Layout.Queries + row * depth, depth, rows, span, ahead.Keys, limit, depth, scores);
        for (int r = 0; r < rows; r++)
        {
            float* line = scores + r * AttentionPlan.Span;
            if (typeof(TCache) == typeof(sbyte)) SimdVector<TLanes, float>.Multiply(line, span.KeyScales, padded);
            SimdSoftmax<TLanes>.Weigh(line, Limit(ref job, tile, row + r, start, limit), padded, part + r * job.Layout.StateFloats);
            if (typeof(TCache) == typeof(sbyte)) SimdVector<TLanes, float>.Multiply(line, span.ValueScales, padded);
            if (job.Code.Exists) SimdVector<TLanes, Bf16>.Narrow(line, (Bf16*)scores + r * AttentionPlan.Span, padded);
        }
        if (job.Code.IsOnTiles && limit > 0) job.Code.Mix((Bf16*)scores, (byte*)(memory + job.Layout.Panel), limit, part + SimdSoftmax<TLanes>.Head);
        else if (job.Code.Exists) job.Code.Mix((Bf16*)scores, rows, span.Values, ahead.Values, limit, part + SimdSoftmax<TLanes>.Head);
        else SimdMix<TLanes, TCache>.Multiply(scores, rows, span.Values, ahead.Values, limit, job.Layout.MixDim, part + SimdSoftmax<TLanes>.Head, job.Layout.StateFloats);
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
        int headDim = job.Cache.HeadDim;
        for (int token = 0; token < tile->TokenCount; token++)
            for (int head = 0; head < job.GroupSize; head++, states += job.Layout.StateFloats)
            {
                float* mix = states + SimdSoftmax<TLanes>.Head, output = job.Output + Offset(ref job, tile, token) + head * headDim;
                if (job.Code.Exists) AttentionCode.Finish(mix, SimdSoftmax<TLanes>.SumOf(states), output, headDim);
                else SimdMix<TLanes, TCache>.Finish(mix, SimdSoftmax<TLanes>.SumOf(states), output, headDim);
            }
    }
}
