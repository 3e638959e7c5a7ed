using Llama.Model.Threads;

namespace Llama.Model.Sampling;

/// <summary>Log-probabilities of known tokens, rows on all threads.</summary>
internal sealed unsafe class TokenScorer
{
    private readonly int _vocabSize;
    private readonly PerThread<Logprobs> _logprobs;
    private readonly Action<long, long> _scoreRows;
    private readonly ScoredToken[] _scored; // [rows]
    private List<ScoreRow> _rows = [];
    private int _first;
    private float* _logits;

    /// <summary>For up to so many rows at once.</summary>
    public TokenScorer(int vocabSize, int maxRows)
    {
        (_vocabSize, _scored) = (vocabSize, new ScoredToken[maxRows]);
        _logprobs = new PerThread<Logprobs>(() => new Logprobs(vocabSize));
        _scoreRows = ScoreRows;
    }

    /// <summary>Scores some rows; one whose logits are no numbers gets its <see cref="ScoredToken.Fault"/>.</summary>
    /// <param name="rows">Whose tokens to score, those from <paramref name="first"/> on.</param>
    /// <param name="first">Index of the first.</param>
    /// <param name="logits">[scored, vocab]</param>
    /// <param name="scored">As many as are wanted.</param>
    public void Score(List<ScoreRow> rows, int first, float* logits, Span<ScoredToken> scored)
    {
        (_rows, _first) = (rows, first);
        _logits = logits;
        ParallelFor.Run(scored.Length, grain: 1, _scoreRows);
        _scored.AsSpan(0, scored.Length).CopyTo(scored);
    }

    private void ScoreRows(long begin, long end)
    {
        Logprobs logprobs = _logprobs.Mine;
        for (int i = (int)begin; i < end; i++) _scored[i] = ScoreOrFault(logprobs, new ReadOnlySpan<float>(_logits + (long)i * _vocabSize, _vocabSize), _rows[_first + i]);
    }

    private static ScoredToken ScoreOrFault(Logprobs logprobs, ReadOnlySpan<float> logits, in ScoreRow row)
    {
        try
        {
            logprobs.Set(logits);
            return new ScoredToken(row.TokenId, logprobs.Of(row.TokenId), logprobs.RankOf(row.TokenId), logprobs.Top(row.TopCount));
        }
        catch (SamplingException fault)
        {
            return new ScoredToken(row.TokenId, 0, 0, [], fault);
        }
    }
}
