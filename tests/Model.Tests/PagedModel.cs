using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model.Tests;

/// <summary>A <see cref="LlamaModel"/> driven by hand: sequences with scattered blocks, advanced by chunks of any size, every row's log-probabilities kept.</summary>
internal sealed class PagedModel : IDisposable
{
    private const int MaxTokens = 96;

    private readonly IDisposable _inference;
    private readonly LlamaModel _model;
    private readonly LlamaConfig _config;
    private readonly ModelLimits _limits;
    private readonly Queue<int> _free;

    public PagedModel(string path, Func<IKernels> kernels, int blockSize = 4, int blockCount = 200, ScalarType kvDtype = ScalarType.Float32)
    {
        TorchLibrary.Load();
        _inference = inference_mode();
        GC.SuppressFinalize(_inference); // else, if what follows throws, the finalizer would end the mode while the thread runs another test
        IWeightSource source = WeightSource.Open(path, new WeightFormat(ScalarType.Float32, Plan: null, IsAuto: true), HostMemory.Instance);
        _config = source.Config;
        _limits = new ModelLimits(_config.VocabSize, _config.ContextLength, blockSize, blockCount);
        _model = new LlamaModel(new LlamaWeights(source), kernels(), HostMemory.Instance, new StepSize(MaxTokens, MaxTokens, _config.ContextLength, blockSize), ScalarType.Float32);
        _model.UseCache(new KvCache(_config, blockCount, blockSize, kvDtype, HostMemory.Instance));
        Random random = new(1);
        _free = new Queue<int>(Enumerable.Range(0, blockCount).OrderBy(_ => random.Next()));
    }

    /// <summary>A sequence: its tokens, how many are in the cache, its blocks, and the log-probabilities [tokens, vocab] after each computed token.</summary>
    public sealed class Row(int[] tokens)
    {
        public int[] Tokens { get; } = tokens;

        public int Computed { get; set; }

        public List<int> Blocks { get; } = [];

        public List<float[]> Logprobs { get; } = [];
    }

    /// <summary>Advances sequences together in one step, each by its own number of tokens.</summary>
    public void Step(params (Row Row, int Count)[] chunks)
    {
        ForwardBatch batch = new(MaxTokens, MaxTokens, _limits.BlocksPerSequence);
        foreach ((Row row, int count) in chunks)
        {
            Add(batch, row, count);
            for (int i = batch.TokenCount - count; i < batch.TokenCount; i++) batch.Samples[batch.SampleCount++] = new SampleRow(i, 0, 0, 0, 0, null!);
        }
        Queue<float[]> logprobs = new(Forward(batch));
        foreach ((Row row, int count) in chunks)
            for (int i = 0; i < count; i++) row.Logprobs.Add(logprobs.Dequeue());
    }

    /// <summary>The same, but of each sequence only its last row is read, some times: log-probabilities [sequences · times][vocab].</summary>
    public float[][] ReadLast(int times, params (Row Row, int Count)[] chunks)
    {
        ForwardBatch batch = new(MaxTokens, MaxTokens, _limits.BlocksPerSequence);
        foreach ((Row row, int count) in chunks)
        {
            Add(batch, row, count);
            for (int i = 0; i < times; i++) batch.Samples[batch.SampleCount++] = new SampleRow(batch.TokenCount - 1, 0, 0, 0, 0, null!);
        }
        return Forward(batch);
    }

    /// <summary>Runs a sequence alone in chunks of the given size.</summary>
    public Row Run(int[] tokens, int chunk)
    {
        Row row = new(tokens);
        while (row.Computed < tokens.Length) Step((row, Math.Min(chunk, tokens.Length - row.Computed)));
        return row;
    }

    /// <summary>Gives a sequence the blocks of the prefix it shares with another, as a cache hit does.</summary>
    public Row Share(Row other, int[] tokens, int prefix)
    {
        Row row = new(tokens) { Computed = prefix };
        row.Blocks.AddRange(other.Blocks.Take(prefix / _limits.BlockSize));
        row.Logprobs.AddRange(other.Logprobs.Take(prefix));
        return row;
    }

    /// <summary>Gives a sequence's blocks back.</summary>
    public void Release(Row row)
    {
        foreach (int block in row.Blocks) _free.Enqueue(block);
        row.Blocks.Clear();
    }

    /// <summary>Takes a sequence's blocks away and starts it over: it will get others.</summary>
    public void Preempt(Row row)
    {
        Release(row);
        row.Logprobs.Clear();
        row.Computed = 0;
    }

    public void Dispose()
    {
        _model.Dispose();
        _inference.Dispose();
    }

    private float[][] Forward(ForwardBatch batch)
    {
        Matrix logits = _model.Forward(batch);
        if (batch.SampleCount == 0) return [];
        using Tensor logprobs = logits.Tensor.log_softmax(-1);
        return [.. logprobs.data<float>().ToArray().Chunk(_config.VocabSize)];
    }

    private void Add(ForwardBatch batch, Row row, int count)
    {
        int sequence = batch.SequenceCount++, end = row.Computed + count;
        while (row.Blocks.Count * _limits.BlockSize < end) row.Blocks.Add(_free.Dequeue());
        for (int b = 0; b < row.Blocks.Count; b++) batch.BlockTables[sequence * batch.BlockTableStride + b] = row.Blocks[b];
        batch.TokenStarts[sequence] = batch.TokenCount;
        for (; row.Computed < end; row.Computed++, batch.TokenCount++)
        {
            batch.TokenIds[batch.TokenCount] = row.Tokens[row.Computed];
            batch.Positions[batch.TokenCount] = row.Computed;
            batch.Slots[batch.TokenCount] = row.Blocks[row.Computed / _limits.BlockSize] * _limits.BlockSize + row.Computed % _limits.BlockSize;
        }
        batch.TokenStarts[sequence + 1] = batch.TokenCount;
        batch.ContextLengths[sequence] = end;
    }
}
