namespace Llama.Model;

/// <summary>
/// One ragged step as flat reusable arrays: prefill chunks and decode rows side by side. Sequence <c>s</c> owns the token rows
/// <c>TokenStarts[s] .. TokenStarts[s + 1]</c>; they attend to the <c>ContextLengths[s]</c> tokens that its blocks hold once this step's own are written.
/// </summary>
public sealed class ForwardBatch
{
    /// <summary>Allocates for the largest step; nothing grows afterwards but what few steps need.</summary>
    public ForwardBatch(int maxTokens, int maxSequences, int maxBlocksPerSequence)
    {
        BlockTableStride = maxBlocksPerSequence;
        TokenIds = new int[maxTokens];
        Positions = new int[maxTokens];
        Slots = new int[maxTokens];
        TokenStarts = new int[maxSequences + 1];
        ContextLengths = new int[maxSequences];
        NextSlots = new int[maxSequences];
        BlockTables = new int[(long)maxSequences * maxBlocksPerSequence];
        Shown = new ShownBlocks[maxSequences];
        Samples = new SampleRow[maxSequences];
        Copies = new BlockCopy[maxSequences];
    }

    /// <summary>Rows in use of the per-token arrays.</summary>
    public int TokenCount { get; set; }

    /// <summary>Rows in use of the per-sequence arrays.</summary>
    public int SequenceCount { get; set; }

    /// <summary>Rows in use of <see cref="Samples"/>.</summary>
    public int SampleCount { get; set; }

    /// <summary>Rows in use of <see cref="Copies"/>.</summary>
    public int CopyCount { get; set; }

    /// <summary>[copies] done one after the other before anything of the step is written to the cache.</summary>
    public BlockCopy[] Copies { get; }

    /// <summary>[tokens]</summary>
    public int[] TokenIds { get; }

    /// <summary>[tokens] index of the token in its sequence, from 0.</summary>
    public int[] Positions { get; }

    /// <summary>[tokens] where the token's key and value go: block · blockSize + offset.</summary>
    public int[] Slots { get; }

    /// <summary>[sequences + 1] first token row of each sequence, and the end.</summary>
    public int[] TokenStarts { get; }

    /// <summary>[sequences] tokens in the cache after this step, this step's included.</summary>
    public int[] ContextLengths { get; }

    /// <summary>[sequences] where the token that is drawn in this step will go in the next, or −1 when there will be none; of a step that <see cref="MayRunAhead"/>.</summary>
    public int[] NextSlots { get; }

    /// <summary>
    /// Whether the runner may begin the next step before it is asked to. Then every sequence computes one token and draws one in a way that does not depend on the tokens before it, and
    /// each that may go on has its slot in <see cref="NextSlots"/>.
    /// </summary>
    public bool MayRunAhead { get; set; }

    /// <summary>[sequences, <see cref="BlockTableStride"/>] the blocks of each sequence in order. They stay from step to step: who writes here and not by <see cref="SetBlocks"/> never uses that.</summary>
    public int[] BlockTables { get; }

    /// <summary>Entries per row of <see cref="BlockTables"/>.</summary>
    public int BlockTableStride { get; }

    /// <summary>[sequences] what the rows of <see cref="BlockTables"/> show.</summary>
    internal ShownBlocks[] Shown { get; }

    /// <summary>[samples] the token rows that a next token is drawn from, in row order; several may draw from one row.</summary>
    public SampleRow[] Samples { get; }

    /// <summary>[scores] prompt tokens whose log-probabilities are wanted.</summary>
    public List<ScoreRow> Scores { get; } = [];

    /// <summary>[pools] prompt rows whose hidden states are wanted.</summary>
    public List<PoolRow> Pools { get; } = [];

    /// <summary>Tokens so far of the sequences whose sampling needs them, back to back; see <see cref="SampleRow"/>.</summary>
    public int[] History { get; private set; } = [];

    /// <summary>Entries of <see cref="History"/> in use.</summary>
    public int HistoryCount { get; private set; }

    /// <summary>Has a row of <see cref="BlockTables"/> show a sequence's blocks. Of a table that it showed before only what is new is copied.</summary>
    /// <param name="sequence">Which row.</param>
    /// <param name="edition">Of the table: the same number only as long as blocks are added at its end, and no other table's. Not 0.</param>
    /// <param name="blocks">All of them, in order.</param>
    public void SetBlocks(int sequence, long edition, ReadOnlySpan<int> blocks)
    {
        ShownBlocks next = new(edition, blocks.Length);
        int kept = Shown[sequence].KeptFor(next);
        if (kept < blocks.Length) blocks[kept..].CopyTo(BlockTables.AsSpan((sequence * BlockTableStride) + kept, BlockTableStride - kept));
        Shown[sequence] = next;
    }

    /// <summary>Brings a row of block tables up to date with one of this step's.</summary>
    /// <param name="sequence">Which of this step's.</param>
    /// <param name="shown">What the other row shows.</param>
    /// <param name="row">[<see cref="BlockTableStride"/>] the other row.</param>
    internal void CopyBlocks(int sequence, ref ShownBlocks shown, Span<int> row)
    {
        ShownBlocks next = Shown[sequence];
        int kept = shown.KeptFor(next), count = next.Edition == 0 ? BlockTableStride : next.Count;
        if (kept < count) BlockTables.AsSpan((sequence * BlockTableStride) + kept, count - kept).CopyTo(row[kept..]);
        shown = next;
    }

    /// <summary>Empties the batch for the next step.</summary>
    public void Clear()
    {
        TokenCount = SequenceCount = SampleCount = CopyCount = HistoryCount = 0;
        MayRunAhead = false;
        Scores.Clear();
        Pools.Clear();
    }

    /// <summary>Appends tokens to <see cref="History"/> and returns where they start.</summary>
    public int AddHistory(ReadOnlySpan<int> tokens)
    {
        int start = HistoryCount;
        if (History.Length < start + tokens.Length)
        {
            int[] grown = new int[Math.Max(2 * History.Length, start + tokens.Length)];
            History.AsSpan(0, start).CopyTo(grown);
            History = grown;
        }
        tokens.CopyTo(History.AsSpan(start));
        HistoryCount = start + tokens.Length;
        return start;
    }
}
