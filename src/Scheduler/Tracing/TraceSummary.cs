namespace Llama.Scheduling.Tracing;

/// <summary>What a schedule did to a trace.</summary>
/// <param name="RequestCount">Requests served.</param>
/// <param name="StepCount">Steps it took.</param>
/// <param name="TokenCount">Tokens computed, those computed again after a preemption included.</param>
/// <param name="PreemptionCount">Times a running request gave up its blocks.</param>
/// <param name="PrefixHitRate">Share of the prompt tokens that were found in the cache, 0 to 1.</param>
/// <param name="MeanQueueTime">From arrival to admission.</param>
/// <param name="Duration">From the first arrival to the last end.</param>
public sealed record TraceSummary(
    int RequestCount, long StepCount, long TokenCount, long PreemptionCount, double PrefixHitRate, TimeSpan MeanQueueTime, TimeSpan Duration);
