using Llama.Model.Sampling;

namespace Llama.Model.Tests.Verification;

/// <summary>A model that is right, but for sequences that share a step with others, or in every step.</summary>
internal sealed class BrokenRunner(IModelRunner right, bool onlyInCompany) : IModelRunner
{
    public ModelLimits Limits => right.Limits;

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        right.Run(batch, sampled, scored);
        if (onlyInCompany && batch.SequenceCount < 2) return;
        foreach (ref SampledToken token in sampled) token = token with { Logprob = token.Logprob * 1.05f };
    }

    public void Dispose() => right.Dispose();
}
