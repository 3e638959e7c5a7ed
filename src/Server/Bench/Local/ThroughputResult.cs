using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>The runs with one number of sequences at once. Null where there were none.</summary>
internal sealed record ThroughputResult(
    int Concurrency, Distribution? TokensPerS, Distribution? PromptTokensPerS, Distribution? NewTokensPerS, Distribution? DecodeStepMs, Distribution? MixedStepMs, Distribution? HostStepMs, double? TokensPerStep)
{
    /// <param name="concurrency">Sequences at once.</param>
    /// <param name="runs">The counted ones.</param>
    /// <param name="threads">Threads that computed; 0 on a GPU, where the host's share of a step is of interest.</param>
    public static ThroughputResult Of(int concurrency, IReadOnlyList<ThroughputRun> runs, int threads)
    {
        StepTime[] steps = [.. runs.SelectMany(run => run.Steps)];
        return new ThroughputResult(
            concurrency,
            Distribution.Of(runs.Select(run => (run.PromptTokens + run.NewTokens) / run.Seconds)),
            Distribution.Of(runs.Select(run => run.PromptTokens / run.Seconds)),
            Distribution.Of(runs.Select(run => run.NewTokens / run.Seconds)),
            Distribution.Of(steps.Where(IsDecode).Select(step => step.Milliseconds)),
            Distribution.Of(steps.Where(IsMixed).Select(step => step.Milliseconds)),
            threads > 0 ? null : Distribution.Of(steps.Where(IsDecode).Select(step => step.HostMilliseconds)),
            steps.Length == 0 ? null : steps.Average(step => step.TokenCount));

        // With fewer sequences, in the last wave or spread over the steps of several devices, a step that only decodes is neither.
        bool IsDecode(StepTime step) => step.TokenCount == concurrency && step.SampleCount == concurrency;
        static bool IsMixed(StepTime step) => step.TokenCount != step.SampleCount;
    }
}
