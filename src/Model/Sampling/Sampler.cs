namespace Llama.Model.Sampling;

/// <summary>
/// Draws tokens from rows of logits in CPU memory: edits (bias, bans, penalties, masks), temperature, top-k, top-p, min-p, typical-p, draw.
/// Log-probabilities are the model's own, of the logits as they came (OpenAI's meaning). Owns the scratch of one row: one thread at a time.
/// </summary>
internal sealed class Sampler(int vocabSize)
{
    private readonly LogitEdits _edits = new(vocabSize);
    private readonly TokenMask _list = new(vocabSize);
    private readonly TokenWeights _weights = new(vocabSize);
    private readonly Candidates _candidates = new(vocabSize);
    private readonly Logprobs _logprobs = new(vocabSize);

    /// <summary>Draws one token.</summary>
    /// <param name="logits">[vocab] Overwritten.</param>
    /// <param name="row">How and at which position to draw.</param>
    /// <param name="history">The sequence's tokens; empty when the parameters need none.</param>
    /// <param name="guided">What the row's guide allows; null without a guide.</param>
    /// <exception cref="SamplingException">When a logit is NaN or +∞, or every token is banned.</exception>
    public SampledToken Sample(Span<float> logits, in SampleRow row, ReadOnlySpan<int> history, TokenMask? guided = null)
    {
        bool wantsLogprobs = row.Params.TopLogprobs is not null;
        if (wantsLogprobs) _logprobs.Set(logits);
        _edits.Apply(logits, row, history);
        guided?.Apply(logits);
        if (row.Params.AllowedTokenIds is { } allowed) ApplyList(logits, allowed);
        int token = Choose(logits, row);
        return wantsLogprobs
            ? new SampledToken(token, _logprobs.Of(token), _logprobs.Top(row.Params.TopLogprobs!.Value))
            : new SampledToken(token, 0, null);
    }

    private void ApplyList(Span<float> logits, IReadOnlyList<int> allowed)
    {
        _list.Take(allowed);
        _list.Apply(logits);
    }

    private int Choose(ReadOnlySpan<float> logits, in SampleRow row)
    {
        SamplingParams parameters = row.Params;
        if (parameters.IsGreedy) return LogitRow.ArgMax(logits);
        _weights.Set(logits, LogitRow.Max(logits), parameters.Temperature);
        double uniform = CounterRandom.Uniform(parameters.Seed, row.Position);
        if (parameters is { TopK: 0, TopP: >= 1, MinP: <= 0, TypicalP: >= 1 }) return _weights.Draw(uniform);
        Truncate(logits, parameters);
        return _candidates.Draw(uniform);
    }

    // Each filter keeps the first so many of all tokens ordered by probability; top-p's share is of what top-k left.
    // Typical-p comes last and looks at the distribution that the others left, as in Hugging Face's transformers (GenerationMixin._get_logits_processor).
    private void Truncate(ReadOnlySpan<float> logits, SamplingParams parameters)
    {
        _candidates.Fill(_weights, CandidateBound.Find(_weights, parameters));
        if (parameters.TopK > 0) _candidates.KeepCount(parameters.TopK);
        if (parameters.TopP < 1) _candidates.KeepMass(parameters.TopP * (parameters.TopK > 0 ? _candidates.Mass : _weights.Mass));
        if (parameters.MinP > 0) _candidates.KeepAtLeast(parameters.MinP);
        if (parameters.TypicalP < 1) _candidates.KeepTypical(parameters.TypicalP, _weights, logits, parameters.Temperature);
    }
}
