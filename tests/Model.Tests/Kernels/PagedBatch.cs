using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Sequences of random keys and values in a paged cache whose blocks lie in random order, and batches that attend to them.</summary>
internal sealed class PagedBatch : IDisposable
{
    private readonly AttentionShape _shape;
    private readonly int[] _lengths;
    private readonly int[] _blocks;
    private readonly int _stride;

    /// <summary>Writes sequences of some lengths, token by token through the kernels.</summary>
    /// <param name="seed">Of the order of blocks; what the sequences hold does not depend on it.</param>
    public PagedBatch(IKernels kernels, AttentionShape shape, ScalarType dtype, int[] lengths, int seed)
    {
        (_shape, _lengths) = (shape, lengths);
        _stride = lengths.Max() / shape.BlockSize + 1;
        _blocks = [.. Enumerable.Range(0, _stride * lengths.Length)];
        new Random(seed).Shuffle(_blocks);
        Cache = KvLayer.Empty(_blocks.Length, shape, dtype, HostMemory.Instance);
        foreach (Matrix? part in (Matrix?[])[Cache.Keys, Cache.Values, Cache.KeyScales, Cache.ValueScales]) part?.Tensor.Fill(dtype == ScalarType.Int8 ? 99 : float.NaN); // nobody may look where nothing was written
        Write(kernels);
    }

    public KvLayer Cache { get; }

    /// <summary>A batch of the last tokens of some sequences.</summary>
    public ForwardBatch Batch(params (int Sequence, int First, int Count)[] chunks)
    {
        ForwardBatch batch = new(chunks.Sum(chunk => chunk.Count), chunks.Length, _stride) { SequenceCount = chunks.Length };
        foreach ((int s, int first, int count) in chunks)
        {
            int row = Array.IndexOf(chunks, (s, first, count));
            _blocks.AsSpan(s * _stride, _stride).CopyTo(batch.BlockTables.AsSpan(row * _stride));
            batch.ContextLengths[row] = first + count;
            for (int i = 0; i < count; i++, batch.TokenCount++)
            {
                int position = first + i;
                batch.Positions[batch.TokenCount] = position;
                batch.Slots[batch.TokenCount] = _blocks[s * _stride + position / _shape.BlockSize] * _shape.BlockSize + position % _shape.BlockSize;
            }
            batch.TokenStarts[row + 1] = batch.TokenCount;
        }
        return batch;
    }

    /// <summary>[tokens, heads · headDim]: a token's query depends on its sequence and position alone.</summary>
    public Matrix Queries(ForwardBatch batch) => Rows(batch, _shape.HeadCount, 3, scale: 4);

    /// <summary>Attention of a batch's tokens: [tokens, heads · headDim].</summary>
    public Matrix Attend(IKernels kernels, ForwardBatch batch)
    {
        using Matrix queries = Queries(batch);
        Matrix output = Matrix.Of(full(batch.TokenCount, queries.Columns, float.NaN));
        kernels.Attend(queries, batch, _shape, Cache, output);
        return output;
    }

    public void Dispose() => Cache.Dispose();

    private void Write(IKernels kernels)
    {
        ForwardBatch batch = Batch([.. _lengths.Select((length, s) => (s, 0, length))]);
        float[] inverse = [.. Enumerable.Range(0, _shape.HeadDim / 2).Select(i => MathF.Pow(10000, -2f * i / _shape.HeadDim))];
        using RopeTable rope = new(new RopeFrequencies(inverse, 1.1f), _lengths.Max(), HostMemory.Instance);
        // Held until the call is over: nothing in it does, and a tensor that is collected meanwhile takes its memory along.
        using Matrix queries = Rows(batch, _shape.HeadCount, 0, 1), keys = Rows(batch, _shape.KvHeadCount, 1, 1), values = Rows(batch, _shape.KvHeadCount, 2, 1);
        kernels.RotateAndStore(queries, keys, values, rope, batch, _shape, Cache);
    }

    private Matrix Rows(ForwardBatch batch, int heads, int seed, float scale)
    {
        int columns = heads * _shape.HeadDim;
        float[] values = new float[batch.TokenCount * columns];
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int sequence = Array.IndexOf(_blocks, batch.BlockTables[s * _stride]) / _stride;
            for (int t = batch.TokenStarts[s]; t < batch.TokenStarts[s + 1]; t++)
            {
                Random random = new((seed * 1_009 + sequence) * 100_003 + batch.Positions[t]);
                for (int i = 0; i < columns; i++) values[t * columns + i] = scale * (float)(random.NextDouble() * 2 - 1);
            }
        }
        return Matrix.Of(tensor(values, [batch.TokenCount, columns]));
    }
}
