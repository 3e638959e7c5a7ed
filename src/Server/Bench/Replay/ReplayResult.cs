using Llama.Scheduling.Tracing;

namespace Llama.Server.Bench.Replay;

/// <summary>A replay with one size of the KV cache.</summary>
internal sealed record ReplayResult(long CacheTokens, int Requests, long Steps, double? TokensPerStep, long Preemptions, double PrefixHitRate, double MeanQueueMs, double DurationS)
{
    public static ReplayResult Of(long cacheTokens, TraceSummary summary) => new(
        cacheTokens, summary.RequestCount, summary.StepCount, summary.StepCount == 0 ? null : (double)summary.TokenCount / summary.StepCount, summary.PreemptionCount, summary.PrefixHitRate,
        summary.MeanQueueTime.TotalMilliseconds, summary.Duration.TotalSeconds);
}
