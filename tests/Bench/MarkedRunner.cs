using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Bench;

/// <summary>Marks where a runner's steps begin and end.</summary>
internal sealed class MarkedRunner(IModelRunner inner, HostMarks marks) : IModelRunner
{
    public ModelLimits Limits => inner.Limits;

    public bool IsAhead => inner.IsAhead;

    public TimeSpan Waited => inner.Waited;

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        marks.Pass("begin");
        inner.Run(batch, sampled, scored);
        marks.End(batch.SequenceCount);
    }

    public void Dispose() => inner.Dispose();
}
