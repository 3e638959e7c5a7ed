using System.Diagnostics;

namespace Llama.Server.Bench.Local;

/// <summary>One run: a batch of prompts of one length, submitted together. Times in milliseconds, rates in tokens per second.</summary>
/// <param name="Ttft">Mean of the batch.</param>
/// <param name="Tpot">Mean of the batch.</param>
/// <param name="Prefill">Tokens of all prompts until each has its first token.</param>
/// <param name="Decode">Tokens of the batch by time per output token.</param>
/// <param name="EndToEnd">Until the last token of all.</param>
/// <param name="StreamedBytes">Of weights that stream, for each token after the first.</param>
/// <param name="StreamWait">For how long such a token waited for them; null where a device cannot tell.</param>
internal readonly record struct LatencyRun(double Ttft, double Tpot, double Prefill, double Decode, double EndToEnd, double StreamedBytes, double? StreamWait)
{
    /// <param name="batch">The generations.</param>
    /// <param name="promptTokens">Of each.</param>
    /// <param name="steps">That were run for them.</param>
    public static LatencyRun Of(IReadOnlyList<GenerationTimes> batch, int promptTokens, IEnumerable<StepTime> steps)
    {
        Streamed streamed = steps.Where(step => step.TokenCount == step.SampleCount).Aggregate(default(Streamed) with { Waited = TimeSpan.Zero }, (sum, step) => sum + step.Streamed);
        int further = batch[0].TokenCount - 1;
        long start = batch.Min(times => times.Start);
        double tpot = batch.Average(times => times.Tpot);
        return new LatencyRun(
            batch.Average(times => times.Ttft),
            tpot,
            batch.Count * promptTokens / Stopwatch.GetElapsedTime(start, batch.Max(times => times.First)).TotalSeconds,
            batch.Count * 1000 / tpot,
            Stopwatch.GetElapsedTime(start, batch.Max(times => times.Last)).TotalMilliseconds,
            (double)streamed.Bytes / further,
            streamed.Waited?.TotalMilliseconds / further);
    }
}
