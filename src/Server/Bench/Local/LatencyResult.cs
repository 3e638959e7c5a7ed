using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>The runs with one length of prompt. Null where there were none.</summary>
internal sealed record LatencyResult(
    int PromptTokens, Distribution? TtftMs, Distribution? PrefillTokensPerS, Distribution? TpotMs, Distribution? DecodeTokensPerS, Distribution? EndToEndMs, double? WeightGbPerS, StreamResult? Streaming)
{
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="runs">The counted ones.</param>
    /// <param name="stepBytes">Weights that a step reads.</param>
    /// <param name="streamRead">Reads of the weights that stream, GB/s; null where there were none.</param>
    /// <param name="singleRead">Those of a single thread; null where there were none.</param>
    public static LatencyResult Of(int promptTokens, IReadOnlyList<LatencyRun> runs, long stepBytes, Distribution? streamRead, Distribution? singleRead)
    {
        Distribution? tpot = Distribution.Of(runs.Select(run => run.Tpot));
        return new LatencyResult(
            promptTokens,
            Distribution.Of(runs.Select(run => run.Ttft)),
            Distribution.Of(runs.Select(run => run.Prefill)),
            tpot,
            Distribution.Of(runs.Select(run => run.Decode)),
            Distribution.Of(runs.Select(run => run.EndToEnd)),
            stepBytes / 1e6 / tpot?.P50,
            StreamResult.Of(runs, streamRead, singleRead));
    }
}
