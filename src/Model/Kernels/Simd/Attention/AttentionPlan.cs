namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Cuts a batch's attention into items that threads take one by one. A context is read in spans whose bounds are absolute positions and whose results are
/// merged in order, so how the work is cut changes nothing in the result: a long decode row is cut span by span, short ones and prompts are not.
/// </summary>
internal sealed unsafe class AttentionPlan
{
    /// <summary>Positions per span.</summary>
    public const int Span = 128;

    private const int TileRows = 128; // query rows that share one widening of keys and values
    private const int WideningRows = 8; // what that widening costs, in rows
    private const int SharesPerThread = 8; // no item should be larger than this part of a thread's share
    private const long WorkPerThread = 32 << 10; // row · positions · headDim worth waking a thread for, some µs

    private readonly ScratchMemory _tiles = new(), _items = new();

    public AttentionTile* Tiles { get; private set; }

    public AttentionItem* Items { get; private set; }

    public int ItemCount { get; private set; }

    /// <summary>Rows of states that split tiles need.</summary>
    public int StateRows { get; private set; }

    /// <summary>Most query rows in a tile.</summary>
    public int MaxRows { get; private set; }

    /// <summary>Threads worth waking.</summary>
    public int WorkerCount { get; private set; }

    /// <summary>Plans a batch for at most so many threads.</summary>
    public void Build(ForwardBatch batch, AttentionShape shape, int threads)
    {
        int tokensPerTile = Math.Max(1, TileRows / shape.GroupSize), tiles = 0, items = 0;
        long work = 0;
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int count = batch.TokenStarts[s + 1] - batch.TokenStarts[s], spans = SpansOf(batch.ContextLengths[s]);
            int parts = (count + tokensPerTile - 1) / tokensPerTile * shape.KvHeadCount;
            (tiles, items) = (tiles + parts, items + parts * spans);
            work += Work(count, batch.ContextLengths[s], shape) * shape.KvHeadCount;
        }
        Tiles = (AttentionTile*)_tiles.Get((long)tiles * sizeof(AttentionTile));
        Items = (AttentionItem*)_items.Get((long)items * sizeof(AttentionItem));
        WorkerCount = (int)Math.Clamp(work * shape.HeadDim / WorkPerThread, 1, threads);
        MaxRows = tokensPerTile * shape.GroupSize;
        Fill(batch, shape, tokensPerTile, WorkerCount == 1 ? long.MaxValue : work / (WorkerCount * SharesPerThread));
    }

    // Last tokens first: their contexts are the longest, and short items at the end leave no thread waiting long.
    private void Fill(ForwardBatch batch, AttentionShape shape, int tokensPerTile, long share)
    {
        int tile = ItemCount = StateRows = 0;
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int start = batch.TokenStarts[s], end = batch.TokenStarts[s + 1];
            for (int last = end; last > start; last = Math.Max(start, last - tokensPerTile), tile += shape.KvHeadCount)
                Add(batch, shape, tile, s, Math.Max(start, last - tokensPerTile), last, share);
        }
    }

    private void Add(ForwardBatch batch, AttentionShape shape, int tile, int sequence, int first, int end, long share)
    {
        int context = batch.Positions[end - 1] + 1, spans = SpansOf(context), rows = (end - first) * shape.GroupSize;
        bool split = spans > 1 && Work(end - first, context, shape) > share;
        for (int head = 0; head < shape.KvHeadCount; head++)
        {
            Tiles[tile + head] = new AttentionTile
            {
                Sequence = sequence,
                FirstToken = first,
                TokenCount = end - first,
                KvHead = head,
                FirstPosition = batch.Positions[first],
                SpanCount = spans,
                FirstState = split ? StateRows : -1,
                Remaining = spans,
            };
            if (split) StateRows += rows * spans;
            else Items[ItemCount++] = new AttentionItem(tile + head, -1);
        }
        // Heads inside: a token's heads lie side by side in the cache.
        for (int span = 0; split && span < spans; span++)
            for (int head = 0; head < shape.KvHeadCount; head++) Items[ItemCount++] = new AttentionItem(tile + head, span);
    }

    /// <summary>Spans that a context of some tokens takes.</summary>
    private static int SpansOf(int context) => (context + Span - 1) / Span;

    // Of one key head: positions read by each row, and the widening.
    private static long Work(int tokens, int context, AttentionShape shape) =>
        (long)tokens * shape.GroupSize * (context - tokens / 2) + (long)WideningRows * context * ((tokens * shape.GroupSize + TileRows - 1) / TileRows);
}
