using Llama.Model.Kernels;
using Llama.Model.Threads;

namespace Llama.Model.Sampling;

/// <summary>Log-probabilities of known tokens by the processor, rows on all threads.</summary>
internal sealed unsafe class TokenScorer : ITokenScorer
{
    private readonly int _vocabSize;
    private readonly HostRows _onHost;
    private readonly PerThread<Logprobs> _logprobs;
    private readonly Action<long, long> _scoreRows;
    private readonly ScoredToken[] _scored; // [rows]
    private List<ScoreRow> _rows = [];
    private int _first;
    private float* _logits;

    /// <summary>For up to so many rows at once.</summary>
    public TokenScorer(int vocabSize, int maxRows, HostRows onHost)
    {
        (_vocabSize, _onHost, _scored) = (vocabSize, onHost, new ScoredToken[maxRows]);
        _logprobs = new PerThread<Logprobs>(() => new Logprobs(vocabSize));
        _scoreRows = ScoreRows;
    }

    public void Score(List<ScoreRow> rows, int first, Matrix logits, Span<ScoredToken> scored)
    {
        (_rows, _first) = (rows, first);
        _logits = _onHost.Of(logits);
        ParallelFor.Run(scored.Length, grain: 1, _scoreRows);
        _scored.AsSpan(0, scored.Length).CopyTo(scored);
    }

    public void Dispose() { }

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
