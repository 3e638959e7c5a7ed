using Llama.Model;

namespace Llama.Scheduling;

/// <summary>
/// What is wanted of a prompt beside its continuation: log-probabilities of its tokens, the mean of its hidden states. It is read position by position as the prompt
/// is computed, each once: what a preempted sequence computes again is not read again, and what was not read yet is never taken from the cache.
/// </summary>
internal sealed class PromptReadout
{
    private readonly int? _topCount;
    private readonly int _promptLength;
    private readonly ScoredToken[] _scores;
    private readonly float[]? _sum; // [hidden] of the positions read

    private PromptReadout(GenerationRequest request, int hiddenSize)
    {
        (_topCount, _promptLength) = (request.PromptLogprobs, request.PromptTokenIds.Length);
        _scores = _topCount is null ? [] : new ScoredToken[_promptLength - 1];
        _sum = request.WantsEmbedding ? new float[hiddenSize] : null;
    }

    /// <summary>Positions of the prompt that were read.</summary>
    public int ReadCount { get; private set; }

    public bool IsComplete => ReadCount == _promptLength;

    /// <summary>Why a token could not be scored, or the mean is none; the sequences fail.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>The prompt's tokens from the second on; empty before the readout is complete, and when none are wanted.</summary>
    public IReadOnlyList<ScoredToken> Scores => IsComplete ? _scores : [];

    /// <summary>[hidden] mean over the prompt; null before the readout is complete, and when it is not wanted.</summary>
    public float[]? Mean { get; private set; }

    /// <summary>Null when the request wants nothing of its prompt.</summary>
    public static PromptReadout? Of(GenerationRequest request, int hiddenSize) =>
        request.PromptLogprobs is null && !request.WantsEmbedding ? null : new PromptReadout(request, hiddenSize);

    /// <summary>Asks for what the current step can tell.</summary>
    /// <param name="sequence">Whose prompt it is; its tokens of the step begin at <paramref name="firstRow"/>.</param>
    /// <param name="firstRow">Token row of the batch.</param>
    /// <param name="batch">Receives the rows.</param>
    public void Ask(Sequence sequence, int firstRow, ForwardBatch batch)
    {
        int count = Reach(sequence) - ReadCount, row = firstRow + ReadCount - sequence.ComputedCount;
        if (count <= 0) return;
        if (_sum is not null) batch.Pools.Add(new PoolRow(row, count, _sum));
        for (int i = 0; i < ScoreCount(count); i++) batch.Scores.Add(new ScoreRow(row + i, sequence.Tokens[ReadCount + i + 1], _topCount!.Value));
    }

    /// <summary>Takes what was asked for.</summary>
    /// <param name="sequence">Whose prompt it is; the step counts as computed not yet.</param>
    /// <param name="scored">Scores of the step from this sequence's on; shortened by its own.</param>
    public void Take(Sequence sequence, ref ReadOnlySpan<ScoredToken> scored)
    {
        int count = Reach(sequence) - ReadCount;
        if (count <= 0) return;
        for (int i = 0, scoreCount = ScoreCount(count); i < scoreCount; i++)
        {
            _scores[ReadCount + i] = scored[i];
            Fault ??= scored[i].Fault;
        }
        scored = scored[ScoreCount(count)..];
        ReadCount += count;
        if (IsComplete && _sum is not null) SetMean(_sum);
    }

    private void SetMean(float[] sum)
    {
        Mean = Array.ConvertAll(sum, value => value / _promptLength);
        if (!Array.TrueForAll(Mean, float.IsFinite)) Fault ??= new ArithmeticException("A hidden state of the prompt is no number: the model's arithmetic failed.");
    }

    private int Reach(Sequence sequence) => Math.Min(sequence.ComputedCount + sequence.ScheduledCount, _promptLength);

    /// <summary>How many tokens so many more positions tell of: the last one of the prompt tells of none.</summary>
    private int ScoreCount(int count) => _topCount is null ? 0 : Math.Min(count, _promptLength - 1 - ReadCount);
}
