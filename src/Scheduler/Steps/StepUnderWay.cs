using System.Runtime.ExceptionServices;
using Llama.Model;
using Llama.Model.Sampling;

namespace Llama.Scheduling.Steps;

/// <summary>A step as the runner has it, from when it is begun to when it is finished. There are as many of these as steps may be under way, and each is used again.</summary>
internal sealed class StepUnderWay(BatchBuilder builder)
{
    private Exception? _fault; // why the runner could not begin it

    public ForwardBatch Batch { get; private set; } = null!;

    /// <summary>Timestamp of its beginning.</summary>
    public long BegunAt { get; private set; }

    /// <summary>Tokens of prompts among those of the batch.</summary>
    public int PromptTokenCount { get; private set; }

    /// <summary>Whether all it computes is for the server itself.</summary>
    public bool IsProbe { get; private set; }

    /// <summary>Lays out a step that is put together.</summary>
    public void Take(Step step, bool mayRunAhead, long now) =>
        (Batch, BegunAt, PromptTokenCount, IsProbe) = (builder.Build(step, mayRunAhead), now, step.PromptTokenCount, step.Sequences is [{ IsProbe: true }]);

    /// <summary>Has it begun. If that fails it is told by <see cref="Finish"/>, for the steps before it come first.</summary>
    public void Begin(IModelRunner runner)
    {
        _fault = null;
        try
        {
            runner.Begin(Batch);
        }
        catch (Exception fault) when (fault is not RunnerLostException)
        {
            _fault = fault;
        }
    }

    /// <summary>Has it finished; throws what beginning it threw.</summary>
    public void Finish(IModelRunner runner, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        if (_fault is not null) ExceptionDispatchInfo.Throw(_fault);
        runner.Finish(Batch, sampled, scored);
    }
}
