using Llama.Model.Kernels.Outliers;
using Llama.Model.Threads;
using TorchSharp;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Plain;

/// <summary>
/// The kernels in plain torch operations: slow, short, for any device. The oracle for the fast ones. Each number that goes to torch as a Scalar is held until after the call: the binding passes its handle on
/// and keeps nothing, so that one nobody holds can be collected, and its memory given away, while torch reads it.
/// </summary>
internal sealed class PlainKernels : IKernels
{
    private readonly Device _device;

    /// <summary>Kernels for matrices on a device of torch's.</summary>
    /// <exception cref="Torch.TorchLoadException">libtorch cannot be loaded.</exception>
    public PlainKernels(string name = "cpu")
    {
        RunnerThread.UseTorch();
        _device = device(name);
    }

    /// <summary>As <see cref="IKernels.ScratchBytes"/>: weights that are multiplied together, widened; the scores of a sequence, four times over; and code of libtorch that is run for the first time.</summary>
    public static long StepScratchBytes(LlamaConfig config, int tokens, int context)
    {
        const int stagesOfScores = 4, stagesOfCodes = 5;
        const long firstRun = 96L << 20;
        long widest = Math.Max(config.VocabSize, Math.Max(2L * config.IntermediateSize, (config.HeadCount + 2L * config.KvHeadCount) * config.HeadDim)) * config.HiddenSize;
        long scores = stagesOfScores * (long)config.HeadCount * Math.Min(tokens, context) * context, cached = 3L * 2 * context * config.KvHeadCount * config.HeadDim;
        return firstRun + sizeof(float) * (widest * (config.Quantization is null ? 1 : stagesOfCodes) + scores + cached * (config.HeadCount / config.KvHeadCount));
    }

    public long ScratchBytes(LlamaConfig config, int tokens, int context) => StepScratchBytes(config, tokens, context);

    public string Describe(LlamaWeights? weights = null) => "plain torch kernels";

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (BlockCopy copy in batch.Copies.AsSpan(0, batch.CopyCount))
            foreach (Matrix? part in (Matrix?[])[cache.Keys, cache.Values, cache.KeyScales, cache.ValueScales])
                if (part is not null) part.Tensor[copy.Target].copy_(part.Tensor[copy.Source]);
    }

    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken = 0)
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar first = firstToken, none = 0, last = table.Outputs - 1;
        Tensor rows = Indices(batch.TokenIds.AsSpan(0, batch.TokenCount)) - first, isThere = (rows >= none).logical_and(rows <= last).unsqueeze(1);
        output.Tensor.copy_(where(isThere, table.Widen(rows.clamp(none, last)), 0f));
    }

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output)
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar bias = epsilon, whole = 1, two = 2;
        Tensor variance = input.Tensor.pow(two).mean([-1], keepdim: true); // which is what the binding's square() calls, with a number that nobody holds
        output.Tensor.copy_(input.Tensor * rsqrt(variance.add(bias, whole)) * weight.Tensor);
    }

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Projection projection in projections) projection.Output.Tensor.copy_(Product(input, projection.Weight));
    }

    public void LinearAdd(Matrix input, Weight weight, Matrix residual)
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar whole = 1;
        residual.Tensor.add_(Product(input, weight), whole);
    }

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor positions = Indices(batch.Positions.AsSpan(0, batch.TokenCount)), slots = Indices(batch.Slots.AsSpan(0, batch.TokenCount));
        Tensor cosines = rope.Cosines.Tensor.index_select(0, positions).unsqueeze(1); // [tokens, 1, headDim / 2]
        Tensor sines = rope.Sines.Tensor.index_select(0, positions).unsqueeze(1);
        queries.Tensor.copy_(Rotate(queries, cosines, sines, shape.HeadDim));
        PlainCache.StoreKeys(Rotate(keys, cosines, sines, shape.HeadDim).reshape(keys.Rows, shape.KvHeadCount, shape.HeadDim), slots, shape, cache);
        PlainCache.StoreValues(values.Tensor.reshape(values.Rows, shape.KvHeadCount, shape.HeadDim), slots, shape, cache);
    }

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output)
    {
        using Scalar scale = shape.Scale, unseen = float.NegativeInfinity;
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            using DisposeScope scope = NewDisposeScope();
            int first = batch.TokenStarts[s], count = batch.TokenStarts[s + 1] - first, context = batch.ContextLengths[s];
            Tensor slots = Slots(batch, s, context, shape.BlockSize);
            Tensor q = Heads(queries.Tensor.narrow(0, first, count), shape.HeadCount, shape.HeadDim); // [heads, tokens, headDim]
            Tensor k = PlainCache.LoadKeys(cache, slots, shape); // [heads, context, headDim]
            Tensor v = PlainCache.LoadValues(cache, slots, shape);
            Tensor future = ones(count, context, dtype: ScalarType.Bool, device: _device).triu(context - count + 1); // a chunk ends where its context does
            Tensor scores = q.matmul(k.transpose(1, 2)).mul(scale).masked_fill(future, unseen);
            Tensor mixed = scores.softmax(-1).matmul(v); // [heads, tokens, headDim]
            output.Tensor.narrow(0, first, count).copy_(mixed.transpose(0, 1).reshape(count, shape.HeadCount * shape.HeadDim));
        }
    }

    public void SiluMultiply(Matrix gate, Matrix up)
    {
        using DisposeScope scope = NewDisposeScope();
        gate.Tensor.copy_(nn.functional.silu(gate.Tensor) * up.Tensor);
    }

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output)
    {
        using DisposeScope scope = NewDisposeScope();
        output.Tensor.copy_(input.Tensor.index_select(0, Indices(rows)));
    }

    private static Tensor Product(Matrix input, Weight weight)
    {
        if (weight is not OutlierWeight split) return mm(input.Tensor, weight.Widen().t());
        using Scalar threshold = split.Threshold, none = 0;
        Tensor standsOut = input.Tensor.abs() >= threshold; // by token: [tokens, inputs]
        return Sum(mm(input.Tensor.masked_fill(standsOut, none), split.Codes.Widen().t()), mm(input.Tensor.masked_fill(standsOut.logical_not(), none), split.Columns.Widen().t()));
    }

    private static Tensor Rotate(Matrix heads, Tensor cosines, Tensor sines, int headDim)
    {
        Tensor x = heads.Tensor.reshape(heads.Rows, -1, headDim);
        Tensor low = x.narrow(2, 0, headDim / 2), high = x.narrow(2, headDim / 2, headDim / 2);
        return cat([low * cosines - high * sines, Sum(high * cosines, low * sines)], 2).reshape(heads.Rows, heads.Columns);
    }

    // The binding has torch multiply the second by a number, 1, which is a Scalar like any other.
    private static Tensor Sum(Tensor one, Tensor other)
    {
        using Scalar whole = 1;
        return one.add(other, whole);
    }

    private static Tensor Heads(Tensor rows, int headCount, int headDim) => rows.reshape(rows.shape[0], headCount, headDim).transpose(0, 1);

    private Tensor Slots(ForwardBatch batch, int sequence, int context, int blockSize)
    {
        long[] slots = new long[context];
        for (int p = 0; p < context; p++)
            slots[p] = (long)batch.BlockTables[sequence * batch.BlockTableStride + p / blockSize] * blockSize + p % blockSize;
        return tensor(slots, device: _device);
    }

    private Tensor Indices(ReadOnlySpan<int> values) => tensor(values.ToArray(), dtype: ScalarType.Int64, device: _device);
}
