using System.Collections;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>Memory that is allocated and takes none of the system's yet: blocks of the cache that no step has written, and rows of intermediate results beyond those of the largest step so far.</summary>
internal sealed class UntouchedMemory
{
    private readonly LlamaConfig _shape;
    private readonly IKernels _kernels;
    private readonly ScalarType _dtype;
    private readonly StepSize _size;
    private readonly bool _hasHead;
    private readonly BitArray _isTouched; // [blocks]
    private readonly long _blockBytes, _rowBytes; // of a block; of a row of the embedding's table, where rows are fetched
    private int _tokens, _samples; // of the largest step

    /// <param name="weights">Of the part.</param>
    /// <param name="kernels">Its; what they take within a step and give back is wanted anew each time.</param>
    /// <param name="size">Of the largest step.</param>
    /// <param name="dtype">Of intermediate results but the residual.</param>
    /// <param name="cache">Not touched yet; from now on in small pages, so that a block brings no more than itself.</param>
    public UntouchedMemory(LlamaWeights weights, IKernels kernels, StepSize size, ScalarType dtype, KvCache cache)
    {
        (_shape, _kernels, _size, _dtype, _hasHead) = (weights.Config, kernels, size, dtype, weights.Head is not null);
        Matrix[] parts = [.. cache.Layers.SelectMany(layer => new[] { layer.Keys, layer.Values, layer.KeyScales, layer.ValueScales }).OfType<Matrix>()];
        foreach (Matrix part in parts) WantSmallPages(part);
        _isTouched = new BitArray(parts[0].Rows);
        _blockBytes = parts.Sum(part => FileRange.Pages(part.ByteCount / part.Rows) + StoredFile.PageBytes);
        _rowBytes = weights.Embedding is null ? 0 : RowTable.BytesOf(weights.Embedding.ByteCount / weights.Embedding.Outputs, 1, weights.Embedding.Outputs);
    }

    /// <summary>Bytes that a step touches for the first time or takes within itself, at most. It counts as run.</summary>
    public long Touch(ForwardBatch batch) => Blocks(batch) * _blockBytes + batch.TokenCount * _rowBytes + Results(batch.TokenCount, Math.Max(batch.SampleCount, batch.Scores.Count))
        + _kernels.ScratchBytes(_shape, batch.TokenCount, LongestContext(batch));

    private static int LongestContext(ForwardBatch batch)
    {
        int longest = 0;
        for (int sequence = 0; sequence < batch.SequenceCount; sequence++) longest = Math.Max(longest, batch.ContextLengths[sequence]);
        return longest;
    }

    private static unsafe void WantSmallPages(Matrix part) => PageAdvice.WantSmallPages(part.Data, part.ByteCount);

    private long Blocks(ForwardBatch batch)
    {
        long count = 0;
        for (int token = 0; token < batch.TokenCount; token++) count += IsFirst(batch.Slots[token] / _size.BlockSize);
        for (int copy = 0; copy < batch.CopyCount; copy++) count += IsFirst(batch.Copies[copy].Target);
        return count;
    }

    private int IsFirst(int block)
    {
        if (_isTouched[block]) return 0;
        _isTouched[block] = true;
        return 1;
    }

    private long Results(int tokens, int samples)
    {
        tokens = Math.Max(tokens, _tokens);
        samples = Math.Max(Math.Min(samples, _size.Samples), _samples);
        long bytes = BytesOf(tokens, samples) - BytesOf(_tokens, _samples);
        (_tokens, _samples) = (tokens, samples);
        return bytes;
    }

    private long BytesOf(int tokens, int samples) =>
        LlamaModel.StepBytes(_shape, _size with { Tokens = tokens, Samples = samples }, _dtype, _hasHead) + HostBackend.InputBytes(_shape, tokens);
}
