namespace Llama.Server.Bench.Load;

/// <summary>When requests are sent that do not wait for each other.</summary>
internal static class Arrivals
{
    /// <summary>A Poisson process: gaps are exponential with a mean of 1 / rate. An infinite rate sends all at once.</summary>
    /// <param name="rate">Requests per second.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Chooses the gaps.</param>
    /// <returns>Times from the start, ascending; the first is 0.</returns>
    public static TimeSpan[] Poisson(double rate, int count, int seed)
    {
        Random random = new(seed);
        TimeSpan[] times = new TimeSpan[count];
        for (int i = 1; i < count; i++) times[i] = times[i - 1] + TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / rate);
        return times;
    }
}
