using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>
/// The kernels of one of several devices that share every layer. Heads, MLP columns and tokens are computed where they are; what leads out of them is a sum over the devices, after attention, after the
/// MLP and after the embedding. The residual stream is the same on all.
/// </summary>
internal sealed class ShardedKernels : IKernels, IDisposable
{
    private readonly IKernels _kernels;
    private readonly Shard _shard;
    private readonly ICollective _collective;
    private readonly Matrix? _logits; // [samples, vocab], on the first device

    /// <summary>Takes over the collective.</summary>
    /// <param name="kernels">The device's own; stay the caller's.</param>
    /// <param name="shard">What the device holds.</param>
    /// <param name="collective">As the device sees it.</param>
    /// <param name="memory">The device's; stays the caller's.</param>
    /// <param name="samples">Most rows whose logits are wanted at once.</param>
    public ShardedKernels(IKernels kernels, Shard shard, ICollective collective, DeviceMemory memory, int samples)
    {
        (_kernels, _shard, _collective) = (kernels, shard, collective);
        _logits = IsFirst ? memory.Empty(samples, shard.Whole.VocabSize, ScalarType.Float32) : null;
    }

    private bool IsFirst => _shard.Index == 0;

    public void Calibrate(LlamaWeights weights) => _kernels.Calibrate(weights);

    public string Describe(LlamaWeights? weights = null) => _kernels.Describe(weights);

    public long ScratchBytes(LlamaConfig config, int tokens, int context) => _kernels.ScratchBytes(config, tokens, context);

    public void Begin(ForwardBatch batch) => _kernels.Begin(batch);

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => _kernels.CopyBlocks(batch, shape, cache);

    /// <summary>Each token's row comes from the device that has it, and zeros from the others.</summary>
    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken)
    {
        _kernels.Embed(table, batch, output, _shard.Vocabulary.Start + firstToken);
        _collective.Sum(output);
    }

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output) => _kernels.RmsNorm(input, weight, epsilon, output);

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections) => _kernels.Linear(input, projections);

    public void NormLinear(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections) => _kernels.NormLinear(input, weight, epsilon, normed, projections);

    public void NormGated(Matrix input, Matrix weight, float epsilon, Matrix normed, Projection gate, Projection up) => _kernels.NormGated(input, weight, epsilon, normed, gate, up);

    public void NormRotated(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        _kernels.NormRotated(input, weight, epsilon, normed, projections, rope, batch, shape, cache);

    /// <summary>The residual is the same on all devices and counts once: only the first adds to it, the others put their product in its place.</summary>
    public void LinearAdd(Matrix input, Weight weight, Matrix residual)
    {
        if (IsFirst) _kernels.LinearAdd(input, weight, residual);
        else _kernels.Linear(input, [new(weight, residual)]);
        _collective.Sum(residual);
    }

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        _kernels.RotateAndStore(queries, keys, values, rope, batch, shape, cache);

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output) => _kernels.Attend(queries, batch, shape, cache, output);

    public void SiluMultiply(Matrix gate, Matrix up) => _kernels.SiluMultiply(gate, up);

    public Matrix Gather(Matrix logits)
    {
        Matrix? whole = _logits?.Take(logits.Rows);
        _collective.Gather(logits, whole);
        return whole ?? logits;
    }

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output) => _kernels.TakeRows(input, rows, output);

    public void Dispose()
    {
        _collective.Dispose();
        _logits?.Dispose();
    }
}
