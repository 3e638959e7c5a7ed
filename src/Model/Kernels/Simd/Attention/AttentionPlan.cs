namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Cuts a batch's attention into items that threads take one by one. A context is read in spans whose bounds are absolute positions and whose results are
/// merged in order, so how the work is cut changes nothing in the result: what would keep one thread long, such as a long decode row, is cut span by span, as far as there is memory for
/// the spans' results.
/// </summary>
internal sealed unsafe class AttentionPlan
{
    /// <summary>Positions per span.</summary>
    public const int Span = 128;

    private const int TileRows = 128; // query rows that share one widening of keys and values
    private const int WideningRows = 8; // what that widening costs, in rows
    private const int SharesPerThread = 8; // no item should be larger than this part of a thread's share
    private const int StateRowsPerThread = 8 << 10; // of spans' results: 4 MiB of heads of 128
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
        int tokensPerTile = Math.Max(1, TileRows / shape.GroupSize);
        long work = 0, tiles = 0, spans = 0;
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int count = batch.TokenStarts[s + 1] - batch.TokenStarts[s], parts = (count + tokensPerTile - 1) / tokensPerTile * shape.KvHeadCount;
            (tiles, spans) = (tiles + parts, spans + (long)parts * SpansOf(batch.ContextLengths[s]));
            work += Work(count, batch.ContextLengths[s], shape) * shape.KvHeadCount;
        }
        WorkerCount = (int)Math.Clamp(work * shape.HeadDim / WorkPerThread, 1, threads);
        MaxRows = tokensPerTile * shape.GroupSize;
        int mostStateRows = WorkerCount == 1 ? 0 : WorkerCount * StateRowsPerThread;
        Tiles = (AttentionTile*)_tiles.Get(tiles * sizeof(AttentionTile));
        Items = (AttentionItem*)_items.Get(Math.Min(spans, tiles + mostStateRows) * sizeof(AttentionItem));
        MakeTiles(batch, shape, tokensPerTile, work / (WorkerCount * SharesPerThread), mostStateRows);
        MakeItems((int)tiles, shape.KvHeadCount);
    }

    // Last tokens first: their contexts are the longest, and short items at the end leave no thread waiting long.
    private void MakeTiles(ForwardBatch batch, AttentionShape shape, int tokensPerTile, long share, int mostStateRows)
    {
        int tile = StateRows = 0;
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int start = batch.TokenStarts[s], end = batch.TokenStarts[s + 1];
            for (int last = end; last > start; last = Math.Max(start, last - tokensPerTile), tile += shape.KvHeadCount)
                MakeTiles(batch, shape, tile, s, Math.Max(start, last - tokensPerTile), last, share, mostStateRows);
        }
    }

    private void MakeTiles(ForwardBatch batch, AttentionShape shape, int tile, int sequence, int first, int end, long share, int mostStateRows)
    {
        int context = batch.Positions[end - 1] + 1, spans = SpansOf(context);
        long stateRows = (long)(end - first) * shape.GroupSize * spans;
        bool isLong = spans > 1 && Work(end - first, context, shape) > share;
        for (int head = 0; head < shape.KvHeadCount; head++)
        {
            bool isSplit = isLong && StateRows + stateRows <= mostStateRows;
            Tiles[tile + head] = new AttentionTile
            {
                Sequence = sequence,
                FirstToken = first,
                TokenCount = end - first,
                KvHead = head,
                FirstPosition = batch.Positions[first],
                SpanCount = spans,
                FirstState = isSplit ? StateRows : -1,
                Remaining = spans,
            };
            if (isSplit) StateRows += (int)stateRows;
        }
    }

    // Whole tiles first: spans are the smallest items.
    private void MakeItems(int tiles, int heads)
    {
        ItemCount = 0;
        for (int tile = 0; tile < tiles; tile++)
        {
            if (Tiles[tile].FirstState < 0) Items[ItemCount++] = new AttentionItem(tile, -1);
        }
        // Heads inside: a token's heads lie side by side in the cache.
        for (int first = 0; first < tiles; first += heads)
        {
            int end = first;
            while (end < first + heads && Tiles[end].FirstState >= 0) end++;
            for (int span = 0; end > first && span < Tiles[first].SpanCount; span++)
                for (int tile = first; tile < end; tile++) Items[ItemCount++] = new AttentionItem(tile, span);
        }
    }

    /// <summary>Spans that a context of some tokens takes.</summary>
    private static int SpansOf(int context) => (context + Span - 1) / Span;

    // Of one key head: positions read by each row, and the widening.
    private static long Work(int tokens, int context, AttentionShape shape) =>
        (long)tokens * shape.GroupSize * (context - tokens / 2) + (long)WideningRows * context * ((tokens * shape.GroupSize + TileRows - 1) / TileRows);
}
