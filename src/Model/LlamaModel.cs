using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>
/// Llama 2 (Touvron et al. 2023) over a paged cache: pre-normalisation with RMSNorm, rotary positions, grouped-query attention, SwiGLU, no biases. One
/// call advances every sequence of a ragged batch.
/// </summary>
internal sealed class LlamaModel : IDisposable
{
    private readonly LlamaConfig _config;
    private readonly LlamaWeights _weights;
    private readonly KvCache _cache;
    private readonly IKernels _kernels;
    private readonly AttentionShape _attention;
    private readonly RopeTable _rope;
    private readonly Activations _activations;
    private readonly Matrix _rows, _logits; // [rows, …] what the head reads and writes
    private readonly int[] _sampleRows;
    private Matrix _residual; // of the last step

    /// <summary>Takes over weights and cache and allocates the intermediates of the largest step.</summary>
    public LlamaModel(LlamaConfig config, LlamaWeights weights, KvCache cache, IKernels kernels, ModelLimits limits, int maxTokens, int maxSamples, Device device)
    {
        (_config, _weights, _cache, _kernels) = (config, weights, cache, kernels);
        _attention = AttentionShape.Of(config, limits.BlockSize);
        _rope = new RopeTable(RopeFrequencies.Compute(config, limits.ContextLength), limits.ContextLength, device);
        _activations = new Activations(config, maxTokens, device);
        _residual = _activations.Residual;
        _sampleRows = new int[maxSamples];
        _rows = Matrix.Empty(maxSamples, config.HiddenSize, ScalarType.Float32, device);
        _logits = Matrix.Empty(maxSamples, config.VocabSize, ScalarType.Float32, device);
    }

    /// <summary>Most rows that <see cref="Hidden"/> and <see cref="Logits"/> take at once.</summary>
    public int MaxRows => _sampleRows.Length;

    /// <summary>Runs the batch through all layers, extending the cache, and returns the logits of its sample rows: [samples, vocab] float32, good until the next call.</summary>
    public Matrix Forward(ForwardBatch batch)
    {
        if (batch.CopyCount > 0) CopyBlocks(batch);
        Activations a = _activations.Take(batch.TokenCount);
        _kernels.Embed(_weights.Embedding, batch, a.Residual); // [tokens, hidden]
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            Attend(_weights.Layers[layer], _cache.Layers[layer], batch, a);
            FeedForward(_weights.Layers[layer], a);
        }
        _residual = a.Residual;
        for (int i = 0; i < batch.SampleCount; i++) _sampleRows[i] = batch.Samples[i].TokenRow;
        return Logits(_sampleRows.AsSpan(0, batch.SampleCount));
    }

    /// <summary>Logits of some token rows of the last step: [rows, vocab] float32, good until the next call.</summary>
    public Matrix Logits(ReadOnlySpan<int> tokenRows)
    {
        Matrix logits = _logits.Take(tokenRows.Length);
        if (tokenRows.Length > 0) _kernels.Linear(Hidden(tokenRows), [new(_weights.Head, logits)]); // else a step of prompt chunks alone
        return logits;
    }

    /// <summary>Some token rows of the last step behind the last layer and the final norm: [rows, hidden] float32, good until the next call.</summary>
    public Matrix Hidden(ReadOnlySpan<int> tokenRows)
    {
        Matrix rows = _rows.Take(tokenRows.Length);
        _kernels.TakeRows(_residual, tokenRows, rows);
        Normalise(rows, _weights.FinalNorm, rows);
        return rows;
    }

    public void Dispose()
    {
        _weights.Dispose();
        _cache.Dispose();
        _rope.Dispose();
        _activations.Dispose();
        _rows.Dispose();
        _logits.Dispose();
    }

    private void CopyBlocks(ForwardBatch batch)
    {
        foreach (KvLayer layer in _cache.Layers) _kernels.CopyBlocks(batch, _attention, layer);
    }

    private void Attend(LayerWeights layer, KvLayer cache, ForwardBatch batch, Activations a)
    {
        Normalise(a.Residual, layer.AttentionNorm, a.Normed);
        _kernels.Linear(a.Normed, [new(layer.Query, a.Queries), new(layer.Key, a.Keys), new(layer.Value, a.Values)]); // [tokens, heads · headDim], [tokens, kvHeads · headDim] twice
        _kernels.RotateAndStore(a.Queries, a.Keys, a.Values, _rope, batch, _attention, cache);
        _kernels.Attend(a.Queries, batch, _attention, cache, a.Attended);
        _kernels.LinearAdd(a.Attended, layer.Output, a.Residual);
    }

    private void FeedForward(LayerWeights layer, Activations a)
    {
        Normalise(a.Residual, layer.MlpNorm, a.Normed);
        _kernels.Linear(a.Normed, [new(layer.Gate, a.Gate), new(layer.Up, a.Up)]); // [tokens, intermediate]
        _kernels.SiluMultiply(a.Gate, a.Up);
        _kernels.LinearAdd(a.Gate, layer.Down, a.Residual);
    }

    private void Normalise(Matrix input, Matrix weight, Matrix output) => _kernels.RmsNorm(input, weight, (float)_config.RmsNormEpsilon, output);
}
