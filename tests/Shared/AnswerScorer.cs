using Llama.Model;

namespace Llama.Tests.Shared;

/// <summary>
/// Asks a model for answers that are known. One pass suffices: greedy decoding writes the expected answer if and only if each of its tokens is the likeliest after those before it.
/// </summary>
/// <param name="runner">Of a model that holds <paramref name="maxSequences"/> conversations at once.</param>
/// <param name="maxTokens">Tokens of a step, as the model was loaded for.</param>
/// <param name="maxSequences">Conversations of a step, as the model was loaded for.</param>
public sealed class AnswerScorer(IModelRunner runner, int maxTokens, int maxSequences)
{
    private readonly ForwardBatch _batch = new(maxTokens, maxSequences, runner.Limits.BlocksPerSequence);
    private readonly List<KnownAnswer> _asked = [];
    private int _count, _exactCount, _tokenCount;
    private double _logLoss;

    /// <summary>Scores answers, as many a step as it takes.</summary>
    public static AnswerScore Run(IModelRunner runner, IEnumerable<KnownAnswer> answers, int maxTokens, int maxSequences)
    {
        AnswerScorer scorer = new(runner, maxTokens, maxSequences);
        foreach (KnownAnswer answer in answers)
        {
            if (scorer._batch.TokenCount + answer.Tokens.Count > maxTokens || scorer._asked.Count == maxSequences) scorer.Step();
            scorer.Add(answer);
        }
        scorer.Step();
        return new AnswerScore(scorer._count, scorer._exactCount, scorer._tokenCount, scorer._logLoss);
    }

    private void Add(KnownAnswer answer)
    {
        int sequence = _batch.SequenceCount++, blockSize = runner.Limits.BlockSize, blocks = runner.Limits.BlocksPerSequence, first = sequence * blocks;
        _asked.Add(answer);
        for (int b = 0; b < blocks; b++) _batch.BlockTables[sequence * _batch.BlockTableStride + b] = first + b;
        for (int i = 0; i < answer.Tokens.Count; i++, _batch.TokenCount++)
        {
            int target = i - (answer.Tokens.Count - answer.Answer.Count);
            if (target >= 0) _batch.Scores.Add(new ScoreRow(_batch.TokenCount, answer.Answer[target], TopCount: 0));
            _batch.TokenIds[_batch.TokenCount] = answer.Tokens[i];
            _batch.Positions[_batch.TokenCount] = i;
            _batch.Slots[_batch.TokenCount] = first * blockSize + i;
        }
        _batch.TokenStarts[sequence + 1] = _batch.TokenCount;
        _batch.ContextLengths[sequence] = answer.Tokens.Count;
    }

    private void Step()
    {
        ScoredToken[] scored = new ScoredToken[_batch.Scores.Count];
        runner.Run(_batch, default, scored);
        int at = 0;
        foreach (KnownAnswer answer in _asked)
        {
            ReadOnlySpan<ScoredToken> own = scored.AsSpan(at, answer.Answer.Count);
            bool isExact = true;
            foreach (ScoredToken token in own)
            {
                if (token.Fault is not null) throw token.Fault;
                isExact &= token.Rank == 1;
                _logLoss -= token.Logprob;
            }
            if (isExact) _exactCount++;
            at += own.Length;
        }
        _count += _asked.Count;
        _tokenCount += at;
        _asked.Clear();
        _batch.Clear();
    }
}
