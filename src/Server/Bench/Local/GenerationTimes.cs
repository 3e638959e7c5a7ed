using System.Diagnostics;

namespace Llama.Server.Bench.Local;

/// <summary>When one generation's tokens were drawn, in the ticks of <see cref="Stopwatch"/>.</summary>
/// <param name="Start">It was submitted.</param>
/// <param name="First">Its first token.</param>
/// <param name="Last">Its last.</param>
/// <param name="TokenCount">Tokens generated.</param>
/// <param name="CachedTokenCount">Tokens of its prompt that were found computed.</param>
internal readonly record struct GenerationTimes(long Start, long First, long Last, int TokenCount, int CachedTokenCount)
{
    /// <summary>Milliseconds to the first token.</summary>
    public double Ttft => Stopwatch.GetElapsedTime(Start, First).TotalMilliseconds;

    /// <summary>Milliseconds for each token after the first; NaN when there was one alone.</summary>
    public double Tpot => Stopwatch.GetElapsedTime(First, Last).TotalMilliseconds / (TokenCount - 1);

    /// <summary>Milliseconds to the last token.</summary>
    public double EndToEnd => Stopwatch.GetElapsedTime(Start, Last).TotalMilliseconds;
}
