using System.Globalization;

namespace Llama.Soak;

/// <summary>Judges a soak by what was answered and by what the server held whenever it was idle.</summary>
internal static class SoakVerdict
{
    private const int SettlingMinutes = 5, LeastThird = 3;
    private const double MostGrowth = 0.03; // of memory, and of tensors
    private const int MoreThreads = 4, MoreFiles = 4; // the thread pool and idle connections come and go

    public static IEnumerable<Verdict> Of(Load load, IReadOnlyList<Reading> readings)
    {
        yield return new Verdict(load.Failures.IsEmpty, $"{load.SentCount} requests, {load.RefusedCount} refused with Retry-After, {load.Failures.Count} answered wrongly{Examples(load)}");
        double blocks = readings[0].UnheldBlocks;
        yield return new Verdict(readings.All(reading => reading.UsedBlocks == 0 && reading.UnheldBlocks == blocks), $"free + cached = {blocks} blocks, all, whenever idle");
        if (readings.Count < 3 * LeastThird)
        {
            yield return new Verdict(true, $"growth is not judged in less than {3 * LeastThird} minutes");
            yield break;
        }
        Reading[] settled = [.. readings.Skip(readings.Count > 3 * SettlingMinutes ? SettlingMinutes : readings.Count / 3)];
        yield return Flat("resident MiB", settled, reading => reading.ResidentBytes / (1 << 20), middle => middle * MostGrowth);
        yield return Flat("threads", settled, reading => reading.Threads, _ => MoreThreads);
        yield return Flat("file descriptors", settled, reading => reading.Files, _ => MoreFiles);
        yield return Flat("tensors", settled, reading => reading.Tensors, middle => middle * MostGrowth);
    }

    public static Verdict OfLog(string path)
    {
        string log = File.ReadAllText(path);
        return new Verdict(!StackTrace.IsIn(log), $"no stack trace in {path}");
    }

    /// <summary>Whether the last third is on average no more above the middle third than allowed.</summary>
    private static Verdict Flat(string what, Reading[] settled, Func<Reading, double> value, Func<double, double> allowance)
    {
        int third = settled.Length / 3;
        double middle = settled.SkipLast(third).TakeLast(third).Average(value), last = settled.TakeLast(third).Average(value);
        return new Verdict(last - middle <= allowance(middle), string.Create(CultureInfo.InvariantCulture, $"{what}: {middle:F1} in the middle third, {last:F1} in the last"));
    }

    private static string Examples(Load load) => string.Concat(load.Failures.Distinct().Take(10).Select(failure => $"\n  {failure}"));
}
