using System.Runtime.Intrinsics;

namespace Llama.Model.Sampling;

/// <summary>Log-probabilities of one row of logits, kept aside because the edits overwrite the row.</summary>
internal sealed class Logprobs(int vocabSize)
{
    private readonly float[] _logits = new float[vocabSize];
    private readonly TokenWeights _weights = new(vocabSize);
    private double _logMass;

    /// <summary>Takes the row as the model made it.</summary>
    public void Set(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_logits);
        float max = LogitRow.Max(logits);
        _weights.Set(logits, max, temperature: 1);
        _logMass = max + Math.Log(_weights.Mass);
    }

    /// <summary>Natural logarithm of a token's probability.</summary>
    public float Of(int token) => (float)(_logits[token] - _logMass);

    /// <summary>A token's place among all: 1 and as many as have a larger logit.</summary>
    public int RankOf(int token)
    {
        Vector256<float> own = Vector256.Create(_logits[token]);
        Vector256<int> larger = Vector256<int>.Zero;
        for (int i = 0; i < _logits.Length; i += LogitRow.Lanes)
            larger -= Vector256.GreaterThan(LogitRow.Load(_logits, i), own).AsInt32(); // a true lane is −1
        return 1 + Vector256.Sum(larger);
    }

    /// <summary>The most probable tokens, best first, the lower id first among equals; fewer when the others are impossible.</summary>
    public TokenLogprob[] Top(int count)
    {
        var top = new TokenLogprob[Math.Min(count, _logits.Length)];
        int found = 0;
        float least = top.Length == 0 ? float.PositiveInfinity : float.NegativeInfinity; // to be beaten; stays −∞ until the list is full
        for (int i = 0; i < _logits.Length; i += LogitRow.Lanes)
        {
            uint better = Vector256.GreaterThan(LogitRow.Load(_logits, i), Vector256.Create(least)).ExtractMostSignificantBits();
            for (; better != 0; better &= better - 1)
            {
                int token = i + int.TrailingZeroCount((int)better);
                if (_logits[token] <= least) continue;
                Insert(top, ref found, token);
                if (found == top.Length) least = _logits[top[^1].TokenId];
            }
        }
        return top[..found];
    }

    private void Insert(TokenLogprob[] top, ref int found, int token)
    {
        if (found < top.Length) found++;
        int place = found - 1;
        for (; place > 0 && _logits[top[place - 1].TokenId] < _logits[token]; place--) top[place] = top[place - 1];
        top[place] = new TokenLogprob(token, Of(token));
    }
}
