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
        (_config, _weights, _kernels) = (config, weights, kernels);
        _attention = AttentionShape.Of(config, size.BlockSize);
        _rope = new RopeTable(RopeFrequencies.Compute(config, size.ContextLength), size.ContextLength, memory);
        _activations = new Activations(config, size.Tokens, dtype, memory);
        if (weights.Head is not null) Head = new LlamaHead(weights, kernels, memory, size.Samples, dtype);
    }

    /// <summary>Bytes that the intermediate results of the largest step take, all that is allocated beside weights and cache.</summary>
    /// <param name="config">The shape of the part.</param>
    /// <param name="size">The largest step's.</param>
    /// <param name="dtype">Of the intermediates but the residual.</param>
    /// <param name="hasHead">Whether the part has the head.</param>
    public static long StepBytes(LlamaConfig config, StepSize size, ScalarType dtype, bool hasHead) =>
        Activations.BytesOf(config, size.Tokens, dtype) + RopeTable.BytesOf(config, size.ContextLength) + (hasHead ? LlamaHead.BytesOf(config, size.Samples, dtype) : 0);

    /// <summary>What is behind the layers; null but in the last part.</summary>
    public LlamaHead? Head { get; }

    /// <summary>Takes over the cache, before the first step: it is made last of all, of what memory is left.</summary>
    public void UseCache(KvCache cache) => _cache = cache;

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
        Matrix residual = a.Residual;
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            Attend(_weights.UseAttention(layer), _cache.Layers[layer], batch, a);
            if (layer == _config.LayerCount - 1 && Head is not null) residual = Head.TakeRead(batch, residual);
            if (residual.Rows > 0) FeedForward(_weights.UseMlp(layer), residual); // else a step of prompt chunks alone
        }
        return Head is null ? residual : Head.Logits(batch);
    }

    public void Dispose()
    {
        _weights.Dispose();
        _cache?.Dispose();
        _rope.Dispose();
        _activations.Dispose();
        Head?.Dispose();
    }

    private void CopyBlocks(ForwardBatch batch)
    {
        foreach (KvLayer layer in _cache.Layers) _kernels.CopyBlocks(batch, _attention, layer);
    }

    private void Attend(AttentionWeights weights, KvLayer cache, ForwardBatch batch, Activations a)
    {
        Projection query = new(weights.Query, a.Queries), key = new(weights.Key, a.Keys), value = new(weights.Value, a.Values); // [tokens, heads · headDim], [tokens, kvHeads · headDim] twice
        _kernels.NormRotated(a.Residual, weights.Norm, Epsilon, a.Normed, [query, key, value], _rope, batch, _attention, cache);
        _kernels.Attend(a.Queries, batch, _attention, cache, a.Attended);
        _kernels.LinearAdd(a.Attended, weights.Output, a.Residual);
    }

    private void FeedForward(MlpWeights weights, Matrix residual)
    {
        Activations a = _activations.Take(residual.Rows);
        _kernels.NormGated(residual, weights.Norm, Epsilon, a.Normed, new(weights.Gate, a.Gate), new(weights.Up, a.Up)); // [tokens, intermediate]
        _kernels.LinearAdd(a.Gate, weights.Down, residual);
    }

    private float Epsilon => (float)_config.RmsNormEpsilon;
}
