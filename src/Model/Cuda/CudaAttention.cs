using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>
/// Causal attention over the paged cache. A plan says once a step who computes what (<c>attention_plan.cu</c>): chunks of prompts go to the tensor cores in tiles of tokens
/// (<c>attention_tiles.cu</c>), single tokens are shared out in pieces of their contexts (<c>attention_rows.cu</c>). A step without chunks can be captured: its launches depend on nothing but the
/// number of its rows, and the plan is part of it. Of few rows the pieces are short, so that they occupy the device and each waits for memory once.
/// </summary>
internal sealed unsafe class CudaAttention : IDisposable
{
    /// <summary>Tokens of a sequence in a step that make it a chunk: for fewer, reading the context once for each costs less than one block's way through it.</summary>
    public const int LeastChunk = 16;

    private const int PlanThreads = 512, Threads = 128, BlocksPerMultiprocessor = 3, WorkBytes = 16;

    private readonly CudaStream _stream;
    private readonly CudaAttentionForm _form;
    private readonly Pieces _long;
    private readonly Pieces? _short; // null where there is but one length
    private readonly CudaKernel? _attendTiles; // null when no token is in a tile
    private readonly nint _scratch, _rows, _tiles, _pieces, _counts, _mixes, _peaks, _arrivals; // as the sources say
    private readonly int _capacity, _mostBlocks;
    private int _rowCount, _tileCount; // of the step that was planned
    private Pieces _planned;

    /// <summary>Compiles the kernels and allocates what they need for the largest step.</summary>
    /// <param name="stream">Where everything is enqueued.</param>
    /// <param name="form">What they are compiled for.</param>
    /// <param name="maxTokens">Of a step.</param>
    /// <param name="contextLength">Of a sequence, at most.</param>
    /// <param name="deterministic">Whether a token's result must be the same, bit by bit, in any batch and however its prompt is cut: then all go the way of single tokens.</param>
    /// <param name="capacity">Pieces of contexts that are shared out at most; results do not depend on it. Null for some sixteen for each block that runs at a time.</param>
    public CudaAttention(CudaStream stream, CudaAttentionForm form, int maxTokens, int contextLength, bool deterministic, int? capacity = null)
    {
        (_stream, _form) = (stream, form);
        _planned = _long = new Pieces(stream, form, CudaAttentionForm.LongPiece);
        if (!deterministic) _short = new Pieces(stream, form, CudaAttentionForm.ShortPiece);
        if (form.HasTiles && !deterministic) _attendTiles = stream.Load(form.Unit("attention_tiles.cu")).Kernel("attend_tiles", form.TileSharedBytes);
        _mostBlocks = stream.Driver.Device.MultiprocessorCount * BlocksPerMultiprocessor;
        _capacity = capacity ?? Math.Max((contextLength + CudaAttentionForm.ShortPiece - 1) / CudaAttentionForm.ShortPiece, 16 * _mostBlocks / form.Lists);

        int parts = _capacity * form.Lists, heads = parts * form.HeadsAtOnce;
        long size = 0, rows = Reserve((long)maxTokens * WorkBytes), tiles = Reserve((long)maxTokens * WorkBytes), pieces = Reserve((long)_capacity * WorkBytes), counts = Reserve(12),
            arrivals = Reserve((long)parts * sizeof(int)), peaks = Reserve((long)heads * 2 * sizeof(float)), mixes = Reserve((long)heads * form.Shape.HeadDim * sizeof(float));
        _scratch = stream.Driver.Allocate(size);
        (_rows, _tiles, _pieces, _counts) = (At(rows), At(tiles), At(pieces), At(counts));
        (_arrivals, _peaks, _mixes) = (At(arrivals), At(peaks), At(mixes));
        stream.Driver.FillAsync(_arrivals, 0, (long)parts * sizeof(int), stream.Handle);

        long Reserve(long bytes) => (size += (bytes + 255) / 256 * 256) - (bytes + 255) / 256 * 256;
        nint At(long offset) => _scratch + (nint)offset;
    }

    /// <summary>Lays out a step, before its first layer. One without chunks can be captured: of the host only its counts are asked.</summary>
    /// <param name="device">The step's arrays.</param>
    /// <param name="batch">The same on the host, for its counts.</param>
    public void Plan(CudaBatch device, ForwardBatch batch)
    {
        (int tiles, int inTiles) = (0, 0);
        for (int s = 0; s < batch.SequenceCount && _attendTiles is not null; s++)
        {
            int count = batch.TokenStarts[s + 1] - batch.TokenStarts[s];
            if (count < LeastChunk) continue;
            tiles += (count + _form.TileRows - 1) / _form.TileRows;
            inTiles += count;
        }
        (_rowCount, _tileCount) = (batch.TokenCount - inTiles, tiles);
        _planned = _short is not null && (long)_rowCount * _form.Lists < _mostBlocks ? _short : _long;
        _planned.Plan.Launch(new LaunchShape(1, 1, 1, PlanThreads, IsAwaited: true), device.TokenStarts, device.ContextLengths, batch.TokenCount, batch.SequenceCount, _attendTiles is null ? int.MaxValue : LeastChunk, _capacity,
            _rows, _pieces, _tiles, _counts);
    }

    /// <summary>Attention of each token of the planned step over its sequence's blocks up to its own position; 0 for a token of no context.</summary>
    /// <param name="queries">[tokens, heads · headDim] of the activations' type, rotated</param>
    /// <param name="device">The step's arrays.</param>
    /// <param name="cache">Of the layer.</param>
    /// <param name="output">[tokens, heads · headDim] of the activations' type</param>
    public void Attend(Matrix queries, CudaBatch device, KvLayer cache, Matrix output)
    {
        void* keyScales = cache.KeyScales is null ? null : cache.KeyScales.Data, valueScales = cache.ValueScales is null ? null : cache.ValueScales.Data;
        _attendTiles?.Launch(new LaunchShape(_form.Shape.HeadCount, _tileCount, 1, Threads, _form.TileSharedBytes), queries.Data, cache.Keys.Data, cache.Values.Data, keyScales, valueScales,
            device.BlockTables, device.BlockTableStride, _form.Shape.Scale, _tiles, output.Data);
        int jobs = (int)Math.Min(_mostBlocks, ((long)_rowCount + _capacity) * _form.Lists);
        _planned.Attend.Launch(new LaunchShape(_rowCount == 0 ? 0 : jobs, 1, 1, Threads), queries.Data, cache.Keys.Data, cache.Values.Data, keyScales, valueScales,
            device.BlockTables, device.BlockTableStride, _form.Shape.Scale, _rows, _pieces, _counts, _mixes, _peaks, _arrivals, output.Data);
    }

    public void Dispose() => _stream.Driver.Free(_scratch);

    /// <summary>The kernels for pieces of a length.</summary>
    private sealed class Pieces(CudaStream stream, CudaAttentionForm form, int tokens)
    {
        public CudaKernel Plan { get; } = stream.Load(form.Unit("attention_plan.cu", tokens)).Kernel("plan_attention");

        public CudaKernel Attend { get; } = stream.Load(form.Unit("attention_rows.cu", tokens)).Kernel("attend_rows");
    }
}
