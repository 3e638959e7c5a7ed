namespace Llama.Model.Sampling;

/// <summary>
/// A weight that no token to be kept lies below. Selecting costs far more per token than a vectorised count, so a few counts that leave hundreds of candidates
/// instead of the whole vocabulary pay for themselves.
/// </summary>
internal static class CandidateBound
{
    private const float SmallestWeight = 1.2e-38f; // less than e⁻⁸⁷, the least that a token weighs whose weight is not 0
    private const int FewCandidates = 1024, Refinements = 4;

    /// <summary>A bound under which truncation by these parameters finds all it needs.</summary>
    public static float Find(TokenWeights weights, SamplingParams parameters)
    {
        if (parameters is { TopK: 0, TopP: >= 1 }) return MathF.Max(parameters.MinP, SmallestWeight);
        float tooHigh = 0;
        for (float logBound = -4; logBound >= -64; logBound *= 2)
        {
            if (Suffices(weights, parameters, logBound, out int count)) return Refine(weights, parameters, logBound, tooHigh, count);
            tooHigh = logBound;
        }
        return SmallestWeight;
    }

    // Flat distributions hold most of the vocabulary above e⁻⁴.
    private static float Refine(TokenWeights weights, SamplingParams parameters, float enough, float tooHigh, int candidates)
    {
        for (int i = 0; i < Refinements && candidates > FewCandidates; i++)
        {
            float middle = (enough + tooHigh) / 2;
            if (Suffices(weights, parameters, middle, out int count)) (enough, candidates) = (middle, count);
            else tooHigh = middle;
        }
        return MathF.Exp(enough);
    }

    private static bool Suffices(TokenWeights weights, SamplingParams parameters, float logBound, out int count)
    {
        const double rounding = 1 + 1e-9; // the two masses are summed in different orders
        (count, double mass) = weights.AtLeast(MathF.Exp(logBound));
        return parameters.TopK > 0 ? count >= parameters.TopK : mass >= parameters.TopP * weights.Mass * rounding;
    }
}
