using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>How decoding fares beside a plain read of the weights that stream. Medians of the runs.</summary>
/// <param name="StepBytes">Read of them for each output token after the first.</param>
/// <param name="StepMs">What such a token takes.</param>
/// <param name="WaitMs">For how long each waited for them; null where a device cannot tell.</param>
/// <param name="ReadMs">What reading as much takes as steps do it.</param>
/// <param name="SingleReadMs">What it takes a single thread; null where that was not measured.</param>
internal sealed record StreamResult(double StepBytes, double StepMs, double? WaitMs, double ReadMs, double? SingleReadMs)
{
    /// <summary>Rate of decoding by the rate that reading as steps do it allows: 1 when nothing but reading takes time.</summary>
    public double ReadShare => ReadMs / StepMs;

    /// <summary>The same of a single thread: above 1 when several that read and compute are faster than one that reads alone.</summary>
    public double? SingleReadShare => SingleReadMs / StepMs;

    /// <summary>Null when nothing streamed, or there were no runs.</summary>
    /// <param name="runs">The counted ones.</param>
    /// <param name="read">Reads in the same minutes, GB/s; null where there were none.</param>
    /// <param name="singleRead">Those of a single thread; null where there were none.</param>
    public static StreamResult? Of(IReadOnlyList<LatencyRun> runs, Distribution? read, Distribution? singleRead)
    {
        if (read is null || runs.Count == 0) return null;
        double bytes = Distribution.Median(runs.Select(run => run.StreamedBytes)), megabytes = bytes / 1e6;
        double? waitMs = runs.All(run => run.StreamWait is not null) ? Distribution.Median(runs.Select(run => run.StreamWait!.Value)) : null;
        return bytes == 0 ? null : new StreamResult(bytes, Distribution.Median(runs.Select(run => run.Tpot)), waitMs, megabytes / read.P50, megabytes / singleRead?.P50);
    }
}
