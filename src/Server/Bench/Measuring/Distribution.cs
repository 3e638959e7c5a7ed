namespace Llama.Server.Bench.Measuring;

/// <summary>What is said of many measured values.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Std">Standard deviation of the sample; 0 of a single value.</param>
/// <param name="P50">Median.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Min">Smallest.</param>
/// <param name="Max">Largest.</param>
internal sealed record Distribution(int Count, double Mean, double Std, double P50, double P95, double P99, double Min, double Max)
{
    /// <summary>Null when there is nothing to say.</summary>
    public static Distribution? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return null;
        double mean = sorted.Average();
        double squares = sorted.Sum(value => (value - mean) * (value - mean));
        return new Distribution(
            sorted.Length, mean, sorted.Length == 1 ? 0 : Math.Sqrt(squares / (sorted.Length - 1)),
            Percentile(sorted, 50), Percentile(sorted, 95), Percentile(sorted, 99), sorted[0], sorted[^1]);
    }

    /// <summary>The middle one, or the mean of the middle two.</summary>
    public static double Median(IEnumerable<double> values) => Percentile([.. values.Order()], 50);

    /// <summary>Linear between the two nearest ranks, as NumPy has it by default.</summary>
    /// <param name="sorted">At least one, ascending.</param>
    /// <param name="percent">0 to 100.</param>
    public static double Percentile(double[] sorted, double percent)
    {
        double rank = percent / 100 * (sorted.Length - 1);
        int below = (int)rank;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + ((above - sorted[below]) * (rank - below));
    }
}
