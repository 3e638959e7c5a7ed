using Llama.Model.Sampling;

namespace Llama.Model.Verification;

/// <summary>A runner driven by hand: sequences with scattered blocks, advanced together by chunks of any size, greedily once their tokens are used up.</summary>
internal sealed class SteppedModel : IDisposable
{
    /// <summary>Most sequences in a step.</summary>
    public const int MaxSequences = 8;

    private const int TopCount = 8;
    private static readonly SamplingParams Greedy = SamplingParams.Greedy with { TopLogprobs = TopCount };

    private readonly IModelRunner _runner;
    private readonly ForwardBatch _batch;
    private readonly Queue<int> _free;
    private readonly SampledToken[] _sampled = new SampledToken[MaxSequences];
    private readonly ScoredToken[] _scored;

    /// <summary>Takes over the runner.</summary>
    public SteppedModel(IModelRunner runner)
    {
        _runner = runner;
        ModelLimits limits = runner.Limits;
        _batch = new ForwardBatch(limits.BatchTokens, MaxSequences, limits.BlocksPerSequence);
        _scored = new ScoredToken[limits.BatchTokens];
        int[] blocks = [.. Enumerable.Range(0, limits.BlockCount)];
        new Random(1).Shuffle(blocks);
        _free = new Queue<int>(blocks);
    }

    public int VocabSize => _runner.Limits.VocabSize;

    /// <summary>Runs a sequence alone to an end.</summary>
    /// <param name="row">The sequence.</param>
    /// <param name="length">Tokens that it is to have, prompt and drawn ones together.</param>
    /// <param name="chunk">Most tokens in a step.</param>
    public SteppedRow Run(SteppedRow row, int length, int chunk = int.MaxValue)
    {
        while (row.Tokens.Count < length) Step((row, Math.Min(chunk, row.Tokens.Count - row.Computed)));
        return row;
    }

    /// <summary>A sequence that begins with another's tokens and finds them in the cache, as a prefix hit does.</summary>
    /// <param name="other">Whose blocks to share.</param>
    /// <param name="prompt">Of the new one.</param>
    /// <param name="blocks">How many to share, whole ones.</param>
    public SteppedRow Share(SteppedRow other, IEnumerable<int> prompt, int blocks)
    {
        SteppedRow row = new(prompt) { Computed = blocks * _runner.Limits.BlockSize };
        row.Blocks.AddRange(other.Blocks.Take(blocks));
        row.Readings.AddRange(other.Readings.Take(row.Computed));
        return row;
    }

    /// <summary>Advances sequences together, each by its own number of tokens.</summary>
    public void Step(params ReadOnlySpan<(SteppedRow Row, int Count)> chunks)
    {
        _batch.Clear();
        foreach ((SteppedRow row, int count) in chunks) Add(row, count);
        _runner.Run(_batch, _sampled.AsSpan(0, _batch.SampleCount), _scored.AsSpan(0, _batch.Scores.Count));
        int scored = 0, sampled = 0;
        foreach ((SteppedRow row, int count) in chunks)
            for (int i = 0; i < count; i++, row.Computed++)
            {
                if (row.Computed + 1 < row.Tokens.Count) Read(row, _scored[scored++]);
                else Draw(row, _sampled[sampled++]);
            }
    }

    public void Dispose() => _runner.Dispose();

    private void Add(SteppedRow row, int count)
    {
        int blockSize = _runner.Limits.BlockSize, sequence = _batch.SequenceCount++, end = row.Computed + count;
        while (row.Blocks.Count * blockSize < end) row.Blocks.Add(_free.Dequeue());
        row.Blocks.CopyTo(_batch.BlockTables, sequence * _batch.BlockTableStride);
        _batch.TokenStarts[sequence] = _batch.TokenCount;
        for (int position = row.Computed; position < end; position++, _batch.TokenCount++)
        {
            int at = _batch.TokenCount;
            _batch.TokenIds[at] = row.Tokens[position];
            _batch.Positions[at] = position;
            _batch.Slots[at] = row.Blocks[position / blockSize] * blockSize + position % blockSize;
            if (position + 1 < row.Tokens.Count) _batch.Scores.Add(new ScoreRow(at, row.Tokens[position + 1], TopCount));
            else _batch.Samples[_batch.SampleCount++] = new SampleRow(at, position + 1, 0, 0, 0, Greedy);
        }
        _batch.TokenStarts[sequence + 1] = _batch.TokenCount;
        _batch.ContextLengths[sequence] = end;
    }

    private static void Read(SteppedRow row, ScoredToken scored)
    {
        if (scored.Fault is not null) throw scored.Fault;
        row.Readings.Add([scored.Logprob, .. scored.Top.Select(top => top.Logprob)]);
    }

    private static void Draw(SteppedRow row, SampledToken sampled)
    {
        if (sampled.Fault is not null) throw sampled.Fault;
        row.Readings.Add([sampled.Logprob, .. sampled.Top!.Select(top => top.Logprob)]);
        row.Tokens.Add(sampled.TokenId);
    }
}
