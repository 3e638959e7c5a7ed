using System.Diagnostics;
using Llama.Model;

namespace Llama.Scheduling.Sequences;

/// <summary>
/// What is wanted of a prompt beside its continuation: log-probabilities of its tokens, the mean of its hidden states. It is read position by position as the prompt
/// is computed, each once: what a preempted sequence computes again is not read again, and what was not read yet is never taken from the cache.
/// </summary>
internal sealed class PromptReadout
{
    private readonly int? _topCount;
    private readonly int _promptLength;
    private readonly int? _hiddenSize; // where the mean is wanted
    private ScoredToken[] _scores = [];
    private float[]? _sum; // [hidden] of the positions read

    private PromptReadout(GenerationRequest request, int hiddenSize) =>
        (_topCount, _promptLength, _hiddenSize) = (request.PromptLogprobs, request.PromptTokenIds.Length, request.WantsEmbedding ? hiddenSize : null);

    /// <summary>Positions of the prompt that were read.</summary>
    public int ReadCount { get; private set; }

    /// <summary>How many scores the last <see cref="Ask"/> asked for.</summary>
    public int AskedScoreCount { get; private set; }

    /// <summary>Positions that were read, and those that steps under way read.</summary>
    private int AskedCount { get; set; }

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

    /// <summary>Makes room for all that will be read; the first call counts.</summary>
    public void Reserve()
    {
        if (_topCount is not null && _scores.Length == 0) _scores = new ScoredToken[_promptLength - 1];
        if (_hiddenSize is { } size) _sum ??= new float[size];
    }

    /// <summary>Asks for what the step that is put together can tell.</summary>
    /// <param name="sequence">Whose prompt it is; its tokens of the step begin at <paramref name="firstRow"/>.</param>
    /// <param name="firstRow">Token row of the batch.</param>
    /// <param name="batch">Receives the rows.</param>
    public void Ask(Sequence sequence, int firstRow, ForwardBatch batch)
    {
        int start = AskedCount, count = Math.Min(sequence.ComputedCount + sequence.ScheduledCount, _promptLength) - start, row = firstRow + start - sequence.ComputedCount;
        AskedScoreCount = Math.Max(0, ScoreCount(start, count));
        if (count <= 0) return;
        AskedCount += count;
        if (_sum is not null) batch.Pools.Add(new PoolRow(row, count, _sum));
        for (int i = 0; i < AskedScoreCount; i++) batch.Scores.Add(new ScoreRow(row + i, sequence.Tokens[start + i + 1], _topCount!.Value));
    }

    /// <summary>Takes what a step was asked for.</summary>
    /// <param name="computedCount">Tokens that are computed behind it.</param>
    /// <param name="scored">The scores that it was asked for.</param>
    public void Take(int computedCount, ReadOnlySpan<ScoredToken> scored)
    {
        int count = Math.Min(computedCount, _promptLength) - ReadCount;
        if (count <= 0) return;
        Debug.Assert(scored.Length == ScoreCount(ReadCount, count));
        for (int i = 0; i < scored.Length; i++)
        {
            _scores[ReadCount + i] = scored[i];
            Fault ??= scored[i].Fault;
        }
        ReadCount += count;
        if (IsComplete && _sum is not null) SetMean(_sum);
    }

    private void SetMean(float[] sum)
    {
        Mean = Array.ConvertAll(sum, value => value / _promptLength);
        if (!Array.TrueForAll(Mean, float.IsFinite)) Fault ??= new ArithmeticException("A hidden state of the prompt is no number: the model's arithmetic failed.");
    }

    /// <summary>How many tokens so many positions tell of: the last one of the prompt tells of none.</summary>
    private int ScoreCount(int start, int count) => _topCount is null ? 0 : Math.Min(count, _promptLength - 1 - start);
}
