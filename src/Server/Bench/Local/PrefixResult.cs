using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>What a prefix seen before saves.</summary>
/// <param name="PrefixTokens">Its length; the prompt's own tokens follow it.</param>
/// <param name="CachedTokens">How many of its tokens were found computed, at least; blocks are found whole.</param>
/// <param name="UnseenTtftMs">Time to first token the first time.</param>
/// <param name="SeenTtftMs">And with other tokens behind the same prefix.</param>
/// <param name="Ratio">Median of the one by median of the other.</param>
internal sealed record PrefixResult(int PrefixTokens, int CachedTokens, Distribution UnseenTtftMs, Distribution SeenTtftMs, double Ratio)
{
    public static PrefixResult? Of(int prefixTokens, IReadOnlyList<GenerationTimes> unseen, IReadOnlyList<GenerationTimes> seen)
    {
        if (Distribution.Of(unseen.Select(times => times.Ttft)) is not { } before || Distribution.Of(seen.Select(times => times.Ttft)) is not { } after) return null;
        return new PrefixResult(prefixTokens, seen.Min(times => times.CachedTokenCount), before, after, before.P50 / after.P50);
    }
}
