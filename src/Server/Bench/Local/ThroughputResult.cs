using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>The runs with one number of sequences at once. Null where there were none.</summary>
internal sealed record ThroughputResult(
    int Concurrency, Distribution? TokensPerS, Distribution? PromptTokensPerS, Distribution? NewTokensPerS, Distribution? DecodeStepMs, Distribution? MixedStepMs, double? TokensPerStep)
{
    public static ThroughputResult Of(int concurrency, IReadOnlyList<ThroughputRun> runs)
    {
        StepTime[] steps = [.. runs.SelectMany(run => run.Steps)];
        return new ThroughputResult(
            concurrency,
            Distribution.Of(runs.Select(run => (run.PromptTokens + run.NewTokens) / run.Seconds)),
            Distribution.Of(runs.Select(run => run.PromptTokens / run.Seconds)),
            Distribution.Of(runs.Select(run => run.NewTokens / run.Seconds)),
            Distribution.Of(steps.Where(IsDecode).Select(step => step.Milliseconds)),
            Distribution.Of(steps.Where(step => !IsDecode(step)).Select(step => step.Milliseconds)),
            steps.Length == 0 ? null : steps.Average(step => step.TokenCount));

        bool IsDecode(StepTime step) => step.TokenCount == concurrency && step.SampleCount == concurrency;
    }
}
