using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Local;

/// <summary>What a prefix seen before saves.</summary>
/// <param name="PrefixTokens">Its length; the prompt's own tokens follow it.</param>
/// <param name="UnseenTtftMs">Time to first token the first time.</param>
/// <param name="SeenTtftMs">And with other tokens behind the same prefix.</param>
/// <param name="Ratio">Median of the one by median of the other.</param>
internal sealed record PrefixResult(int PrefixTokens, Distribution UnseenTtftMs, Distribution SeenTtftMs, double Ratio)
{
    public static PrefixResult? Of(int prefixTokens, IReadOnlyList<double> unseen, IReadOnlyList<double> seen)
    {
        if (Distribution.Of(unseen) is not { } before || Distribution.Of(seen) is not { } after) return null;
        return new PrefixResult(prefixTokens, before, after, before.P50 / after.P50);
    }
}
