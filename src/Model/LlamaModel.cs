using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>
/// Llama 2 (Touvron et al. 2023) over a paged cache: pre-normalisation with RMSNorm, rotary positions, grouped-query attention, SwiGLU, no biases. One
/// call advances every sequence of a ragged batch. Where a device holds a part of the model, it goes from the residual stream that the part before left to the one that the next part takes.
/// </summary>
internal sealed class LlamaModel : IDisposable
{
    private readonly LlamaConfig _config;
    private readonly LlamaWeights _weights;
    private readonly IKernels _kernels;
    private readonly AttentionShape _attention;
    private readonly RopeTable _rope;
    private readonly Activations _activations;
    private readonly Matrix _rows, _hidden, _logits; // [rows, …] of the residual, behind the final norm, behind the head
    private readonly Matrix _read; // [rows, hidden] of the residual, of those rows that go on behind the last attention
    private readonly int[] _sampleRows;
    private Matrix _residual; // of the last step
    private KvCache _cache = null!; // see UseCache

    /// <summary>Takes over the weights and allocates the intermediates of the largest step.</summary>
    /// <param name="weights">What was placed in <paramref name="memory"/>.</param>
    /// <param name="kernels">That work there.</param>
    /// <param name="memory">Where everything lies; stays the caller's.</param>
    /// <param name="size">Of the largest step.</param>
    /// <param name="dtype">Of the intermediates but the residual.</param>
    public LlamaModel(LlamaWeights weights, IKernels kernels, DeviceMemory memory, StepSize size, ScalarType dtype)
    {
        LlamaConfig config = weights.Config;
        int samples = weights.Head is null ? 0 : size.Samples;
        (_config, _weights, _kernels) = (config, weights, kernels);
        _attention = AttentionShape.Of(config, size.BlockSize);
        _rope = new RopeTable(RopeFrequencies.Compute(config, size.ContextLength), size.ContextLength, memory);
        _activations = new Activations(config, size.Tokens, dtype, memory);
        _residual = _activations.Residual;
        _sampleRows = new int[samples];
        _read = memory.Empty(samples, config.HiddenSize, ScalarType.Float32);
        _rows = memory.Empty(samples, config.HiddenSize, ScalarType.Float32);
        _hidden = dtype == ScalarType.Float32 ? _rows : memory.Empty(samples, config.HiddenSize, dtype);
        _logits = memory.Empty(samples, config.VocabSize, ScalarType.Float32);
    }

    /// <summary>Bytes that the intermediate results of the largest step take, all that is allocated beside weights and cache.</summary>
    /// <param name="config">The shape of the part.</param>
    /// <param name="size">The largest step's.</param>
    /// <param name="dtype">Of the intermediates but the residual.</param>
    /// <param name="hasHead">Whether the part has the head.</param>
    public static long StepBytes(LlamaConfig config, StepSize size, ScalarType dtype, bool hasHead)
    {
        long samples = hasHead ? size.Samples : 0;
        return Activations.BytesOf(config, size.Tokens, dtype) + RopeTable.BytesOf(config, size.ContextLength)
            + Matrix.BytesOf(samples, 2L * config.HiddenSize + config.VocabSize, ScalarType.Float32) + (dtype == ScalarType.Float32 ? 0 : Matrix.BytesOf(samples, config.HiddenSize, dtype));
    }

    /// <summary>Takes over the cache, before the first step: it is made last of all, of what memory is left.</summary>
    public void UseCache(KvCache cache) => _cache = cache;

    /// <summary>Most rows that <see cref="Hidden"/> and <see cref="Logits"/> take at once.</summary>
    public int MaxRows => _sampleRows.Length;

    /// <summary>The residual stream of a step of so many tokens, [tokens, hidden] float32: where a part that is not the first finds it, and one that is not the last leaves it.</summary>
    public Matrix Stream(int tokens) => _activations.Take(tokens).Residual;

    /// <summary>
    /// Runs the batch through all layers, extending the cache, and returns the logits of its sample rows: [samples, vocab] float32, good until the next call. A part without the head returns the
    /// <see cref="Stream"/> behind its layers.
    /// </summary>
    public Matrix Forward(ForwardBatch batch)
    {
        _kernels.Begin(batch);
        if (batch.CopyCount > 0) CopyBlocks(batch);
        Activations a = _activations.Take(batch.TokenCount);
        if (_weights.UseEmbedding(batch) is { } table) _kernels.Embed(table, batch, a.Residual); // [tokens, hidden]
        _residual = a.Residual;
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            Attend(_weights.UseAttention(layer), _cache.Layers[layer], batch, a);
            if (_weights.Head is not null && layer == _config.LayerCount - 1) _residual = RowsToRead(batch, a.Residual);
            if (_residual.Rows > 0) FeedForward(_weights.UseMlp(layer), _residual); // else a step of prompt chunks alone
        }
        return _weights.Head is null ? _residual : Logits(_sampleRows.AsSpan(0, batch.SampleCount));
    }

    /// <summary>Logits of some token rows of the last step: [rows, vocab] float32, good until the next call.</summary>
    public Matrix Logits(ReadOnlySpan<int> tokenRows)
    {
        Matrix logits = _logits.Take(tokenRows.Length);
        if (tokenRows.Length == 0) return logits; // a step of prompt chunks alone
        _kernels.Linear(Hidden(tokenRows), [new(_weights.UseHead(), logits)]);
        return _kernels.Gather(logits);
    }

    /// <summary>Some token rows of the last step behind the last layer and the final norm: [rows, hidden], good until the next call.</summary>
    public Matrix Hidden(ReadOnlySpan<int> tokenRows)
    {
        Matrix hidden = _hidden.Take(tokenRows.Length);
        Normalise(Residual(tokenRows), _weights.FinalNorm!, hidden);
        return hidden;
    }

    public void Dispose()
    {
        _weights.Dispose();
        _cache?.Dispose();
        _rope.Dispose();
        _activations.Dispose();
        _read.Dispose();
        _rows.Dispose();
        if (_hidden != _rows) _hidden.Dispose();
        _logits.Dispose();
    }

    private Matrix Residual(ReadOnlySpan<int> tokenRows)
    {
        if (AreFirst(tokenRows)) return _residual.Take(tokenRows.Length); // those of a decode step
        Matrix rows = _rows.Take(tokenRows.Length);
        _kernels.TakeRows(_residual, tokenRows, rows);
        return rows;
    }

    private static bool AreFirst(ReadOnlySpan<int> rows)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] != i) return false;
        return true;
    }

    private void CopyBlocks(ForwardBatch batch)
    {
        foreach (KvLayer layer in _cache.Layers) _kernels.CopyBlocks(batch, _attention, layer);
    }

    private void Attend(AttentionWeights weights, KvLayer cache, ForwardBatch batch, Activations a)
    {
        Normalise(a.Residual, weights.Norm, a.Normed);
        _kernels.Linear(a.Normed, [new(weights.Query, a.Queries), new(weights.Key, a.Keys), new(weights.Value, a.Values)]); // [tokens, heads · headDim], [tokens, kvHeads · headDim] twice
        _kernels.RotateAndStore(a.Queries, a.Keys, a.Values, _rope, batch, _attention, cache);
        _kernels.Attend(a.Queries, batch, _attention, cache, a.Attended);
        _kernels.LinearAdd(a.Attended, weights.Output, a.Residual);
    }

    private void FeedForward(MlpWeights weights, Matrix residual)
    {
        Activations a = _activations.Take(residual.Rows);
        Normalise(residual, weights.Norm, a.Normed);
        _kernels.Linear(a.Normed, [new(weights.Gate, a.Gate), new(weights.Up, a.Up)]); // [tokens, intermediate]
        _kernels.SiluMultiply(a.Gate, a.Up);
        _kernels.LinearAdd(a.Gate, weights.Down, residual);
    }

    // Behind the last attention a row matters only if something is read from it: of a prompt its end. Rows are taken once in a step.
    private Matrix RowsToRead(ForwardBatch batch, Matrix residual)
    {
        Span<int> rows = _sampleRows.AsSpan(0, batch.SampleCount);
        for (int i = 0; i < rows.Length; i++) rows[i] = batch.Samples[i].TokenRow;
        if (rows.Length >= batch.TokenCount || batch.Scores.Count + batch.Pools.Count > 0) return residual;
        Matrix read = _read.Take(rows.Length);
        if (rows.Length > 0) _kernels.TakeRows(residual, rows, read);
        for (int i = 0; i < rows.Length; i++) rows[i] = i;
        return read;
    }

    private void Normalise(Matrix input, Matrix weight, Matrix output) => _kernels.RmsNorm(input, weight, (float)_config.RmsNormEpsilon, output);
}
