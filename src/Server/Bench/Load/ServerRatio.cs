using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Load;

/// <summary>One figure of the first server by the second's.</summary>
/// <param name="OfMedians">The median of its rounds by the median of the other's.</param>
/// <param name="Least">Least ratio of a pair of rounds.</param>
/// <param name="Most">Largest.</param>
internal sealed record ServerRatio(double OfMedians, double Least, double Most)
{
    /// <summary>Null where a round has no figure.</summary>
    public static ServerRatio? Of(IReadOnlyList<LoadRound> first, IReadOnlyList<LoadRound> second, Func<LoadRound, double?> figure)
    {
        (double? First, double? Second)[] pairs = [.. first.Zip(second, (a, b) => (figure(a), figure(b)))];
        if (pairs.Length == 0 || pairs.Any(pair => pair.First is null || !(pair.Second > 0))) return null;
        double[] ratios = [.. pairs.Select(pair => pair.First!.Value / pair.Second!.Value)];
        return new ServerRatio(Distribution.Median(pairs.Select(pair => pair.First!.Value)) / Distribution.Median(pairs.Select(pair => pair.Second!.Value)), ratios.Min(), ratios.Max());
    }

    public override string ToString() => $"{Figures.Show(OfMedians)} ({Figures.Show(Least)} to {Figures.Show(Most)})";
}
