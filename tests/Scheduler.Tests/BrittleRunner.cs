using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Scheduling.Tests;

/// <summary>A runner that cannot begin some steps. It is never asked to finish those, and the others in their order.</summary>
/// <param name="inner">Runs the others.</param>
/// <param name="begins">Whether it can begin the next one.</param>
internal sealed class BrittleRunner(IModelRunner inner, Func<bool> begins) : IModelRunner
{
    private readonly Queue<ForwardBatch> _begun = new();

    public ModelLimits Limits => inner.Limits;

    public void Begin(ForwardBatch batch)
    {
        if (!begins()) throw new InvalidOperationException("begin");
        _begun.Enqueue(batch);
        inner.Begin(batch);
    }

    public void Finish(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        InvalidOperationException disorder = new("This is not the oldest of the steps that were begun.");
        if (!_begun.TryDequeue(out ForwardBatch? oldest) || oldest != batch) throw new RunnerLostException(disorder.Message, disorder);
        inner.Finish(batch, sampled, scored);
    }

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored) => throw new NotSupportedException("It begins and finishes.");

    public void Dispose() => inner.Dispose();
}
