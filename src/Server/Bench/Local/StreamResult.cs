using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>How decoding fares beside a plain read of the weights that stream. Medians of the runs.</summary>
/// <param name="StepBytes">Read of them for each output token after the first.</param>
/// <param name="ReadMs">What a plain read of as much takes.</param>
/// <param name="WaitMs">For how long each such token waited for them; null where a device cannot tell.</param>
/// <param name="ReadShare">Rate of decoding by the rate that the plain read allows: 1 when nothing but reading takes time.</param>
internal sealed record StreamResult(double StepBytes, double ReadMs, double? WaitMs, double ReadShare)
{
    /// <summary>Null when nothing streamed, or there were no runs.</summary>
    /// <param name="runs">The counted ones.</param>
    /// <param name="read">Plain reads in the same minutes, GB/s; null where there were none.</param>
    public static StreamResult? Of(IReadOnlyList<LatencyRun> runs, Distribution? read)
    {
        if (read is null || runs.Count == 0) return null;
        double bytes = Distribution.Median(runs.Select(run => run.StreamedBytes)), readMs = bytes / 1e6 / read.P50;
        double? waitMs = runs.All(run => run.StreamWait is not null) ? Distribution.Median(runs.Select(run => run.StreamWait!.Value)) : null;
        return bytes == 0 ? null : new StreamResult(bytes, readMs, waitMs, readMs / Distribution.Median(runs.Select(run => run.Tpot)));
    }
}
