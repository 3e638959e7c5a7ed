using Llama.Model;

namespace Llama.Scheduling;

/// <summary>A step as the runner has it, from when it is begun to when it is finished. There are as many of these as steps may be under way, and each is used again.</summary>
internal sealed class StepUnderWay(BatchBuilder builder)
{
    public ForwardBatch Batch { get; private set; } = null!;

    /// <summary>Timestamp of its beginning.</summary>
    public long BegunAt { get; private set; }

    /// <summary>Tokens of prompts among those of the batch.</summary>
    public int PromptTokenCount { get; private set; }

    /// <summary>Whether all it computes is for the server itself.</summary>
    public bool IsProbe { get; private set; }

    public void Take(Step step, bool mayRunAhead, long now) =>
        (Batch, BegunAt, PromptTokenCount, IsProbe) = (builder.Build(step, mayRunAhead), now, step.PromptTokenCount, step.Sequences is [{ IsProbe: true }]);
}
