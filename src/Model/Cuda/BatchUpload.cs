namespace Llama.Model.Cuda;

/// <summary>
/// Brings the arrays of each step to the device, always to the same addresses: they are packed into page-locked memory, the block tables behind them, and go with one transfer. There are two
/// such memories, so that a step can be packed while the transfer of the one before may still be waiting for its turn. Block tables stay in them from step to step, and only grow there.
/// </summary>
internal sealed unsafe class BatchUpload : IDisposable
{
    private const int Buffers = 2;

    private readonly int _maxTokens, _maxSequences, _tableStride;
    private readonly StagedBuffer _memory;
    private readonly ShownBlocks[][] _shown = new ShownBlocks[Buffers][]; // [buffers][sequences]
    private int* _host; // the one in use

    /// <summary>Allocates for the largest step.</summary>
    public BatchUpload(CudaStream stream, int maxTokens, int maxSequences, int blockTableStride)
    {
        (_maxTokens, _maxSequences, _tableStride) = (maxTokens, maxSequences, blockTableStride);
        _memory = new StagedBuffer(stream, Buffers, (TablesAt + (long)maxSequences * blockTableStride) * sizeof(int));
        for (int i = 0; i < Buffers; i++) _shown[i] = new ShownBlocks[maxSequences];
        Batch = new CudaBatch
        {
            TokenIds = At(TokenIdsAt),
            Positions = At(PositionsAt),
            Slots = At(SlotsAt),
            TokenStarts = At(TokenStartsAt),
            ContextLengths = At(ContextLengthsAt),
            BlockTables = At(TablesAt),
            BlockTableStride = blockTableStride,
        };

        nint At(int index) => _memory.Device + (nint)index * sizeof(int);
    }

    /// <summary>Where the arrays are on the device.</summary>
    public CudaBatch Batch { get; }

    // The places of the arrays, in elements. The tables come last, because few of their rows are in use.
    private int TokenIdsAt => 0;

    private int PositionsAt => _maxTokens;

    private int SlotsAt => 2 * _maxTokens;

    private int TokenStartsAt => 3 * _maxTokens;

    private int ContextLengthsAt => TokenStartsAt + _maxSequences + 1;

    private int TablesAt => ContextLengthsAt + _maxSequences;

    /// <summary>Enqueues the transfer of a step.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="sequences">Sequences that the kernels will be launched for: those of the step, or more; each one more has one token that is written nowhere and attends to nothing.</param>
    /// <param name="buffer">Which of the two memories, 0 or 1; its last transfer is over.</param>
    /// <param name="drawn">int32 on the device: tokens drawn in the step before, of which the token ids of this one are rows; 0 where they are tokens.</param>
    public void Enqueue(ForwardBatch batch, int sequences, int buffer, nint drawn = 0)
    {
        _host = (int*)_memory.Host(buffer);
        int padding = sequences - batch.SequenceCount;
        Pack(batch.TokenIds, TokenIdsAt, batch.TokenCount, padding, 0);
        Pack(batch.Positions, PositionsAt, batch.TokenCount, padding, 0);
        Pack(batch.Slots, SlotsAt, batch.TokenCount, padding, -1);
        Pack(batch.TokenStarts, TokenStartsAt, batch.SequenceCount + 1, 0, 0);
        for (int i = 1; i <= padding; i++) _host[TokenStartsAt + batch.SequenceCount + i] = batch.TokenCount + i;
        Pack(batch.ContextLengths, ContextLengthsAt, batch.SequenceCount, padding, 0);
        PackTables(batch, _shown[buffer]);
        _memory.Upload(buffer, (TablesAt + (long)batch.SequenceCount * _tableStride) * sizeof(int), drawn, drawn == 0 ? 0 : batch.TokenCount);
    }

    public void Dispose() => _memory.Dispose();

    private void PackTables(ForwardBatch batch, ShownBlocks[] shown)
    {
        for (int i = 0; i < batch.SequenceCount; i++) batch.CopyBlocks(i, ref shown[i], new Span<int>(_host + TablesAt + (i * _tableStride), _tableStride));
    }

    private void Pack(int[] values, int at, int count, int padding, int filler)
    {
        values.AsSpan(0, count).CopyTo(new Span<int>(_host + at, count));
        new Span<int>(_host + at + count, padding).Fill(filler);
    }
}
