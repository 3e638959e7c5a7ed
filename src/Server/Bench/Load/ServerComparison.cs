using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Load;

/// <summary>The first server against the second in one shape, from rounds that alternated.</summary>
/// <param name="Shape">In words.</param>
/// <param name="Pairs">Rounds that both made.</param>
/// <param name="OutputTokensPerS">Above 1 the first generates more.</param>
/// <param name="TtftMs">Below 1 the first is sooner.</param>
/// <param name="TpotMs">Below 1 the first is faster.</param>
internal sealed record ServerComparison(string Shape, int Pairs, ServerRatio OutputTokensPerS, ServerRatio? TtftMs, ServerRatio? TpotMs)
{
    public static ServerComparison? Of(LoadShape shape, IReadOnlyList<LoadRound> first, IReadOnlyList<LoadRound> second)
    {
        int pairs = Math.Min(first.Count, second.Count);
        if (pairs == 0 || ServerRatio.Of(first, second, round => round.OutputRate) is not { } output) return null;
        return new ServerComparison(
            shape.ToString(), pairs, output,
            ServerRatio.Of(first, second, round => MedianOf(round, outcome => outcome.Ttft)),
            ServerRatio.Of(first, second, round => MedianOf(round, outcome => outcome.Tpot)));
    }

    private static double? MedianOf(LoadRound round, Func<RequestOutcome, double?> measure) => Distribution.Of(round.Completed.Select(measure).OfType<double>())?.P50;
}
