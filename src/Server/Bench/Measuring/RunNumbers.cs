using System.Diagnostics;

namespace Llama.Server.Bench.Measuring;

/// <summary>The runs of a measurement within this process, and when it is warm.</summary>
internal static class RunNumbers
{
    /// <summary>What a run before the counted ones has for a number.</summary>
    public const int WarmUp = -1;

    /// <summary>How the number of runs that do not count is explained.</summary>
    public const string WarmUpHelp = "Runs that do not count; if any, for two seconds at least, in which the just-in-time compiler is done.";

    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2); // runs of a small model take milliseconds, and compiling takes turns with them

    /// <summary>The numbers of the runs, as they begin: <see cref="WarmUp"/> some times, then 0 and so on.</summary>
    /// <param name="warmUp">Runs that do not count: none, or at least so many.</param>
    /// <param name="runs">Runs that count.</param>
    public static IEnumerable<int> Of(int warmUp, int runs)
    {
        long start = Stopwatch.GetTimestamp();
        for (int run = 0; run < warmUp || (warmUp > 0 && Stopwatch.GetElapsedTime(start) < Settled); run++) yield return WarmUp;
        for (int run = 0; run < runs; run++) yield return run;
    }
}
