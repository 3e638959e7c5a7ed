namespace Llama.Scheduling.Tracing;

/// <summary>How long a replayed step takes: a model of the model.</summary>
/// <param name="Fixed">Whatever it computes.</param>
/// <param name="PerToken">For each token of the step.</param>
public readonly record struct StepCost(TimeSpan Fixed, TimeSpan PerToken)
{
    /// <summary>The time of a step of so many tokens.</summary>
    public TimeSpan For(int tokenCount) => Fixed + (tokenCount * PerToken);
}
