namespace Llama.Model.Verification;

/// <summary>A sequence driven by hand: its tokens, how many are in the cache and where, and what the model said after each.</summary>
internal sealed class SteppedRow(IEnumerable<int> prompt)
{
    /// <summary>Prompt, and what was drawn after it.</summary>
    public List<int> Tokens { get; } = [.. prompt];

    /// <summary>Tokens that are in the cache.</summary>
    public int Computed { get; set; }

    public List<int> Blocks { get; } = [];

    /// <summary>After each computed token: log-probabilities of the token that follows, and of the most probable ones in falling order.</summary>
    public List<float[]> Readings { get; } = [];

    /// <summary>The greatest difference to another's readings, by the greatest value there.</summary>
    public double DifferenceTo(SteppedRow reference)
    {
        if (Readings.Count != reference.Readings.Count) return double.NaN;
        double worst = 0, largest = 0;
        foreach ((float[] mine, float[] theirs) in Readings.Zip(reference.Readings))
            foreach ((float one, float other) in mine.Zip(theirs))
            {
                worst = Math.Max(worst, Math.Abs(one - other)); // NaN if either is
                largest = Math.Max(largest, Math.Abs(other));
            }
        return worst / largest;
    }

    /// <summary>Readings of which any bit differs, and tokens that do.</summary>
    public int CountOther(SteppedRow reference) =>
        Math.Abs(Readings.Count - reference.Readings.Count)
        + Readings.Zip(reference.Readings).Count(pair => !pair.First.AsSpan().SequenceEqual(pair.Second)) + CountOtherTokens(reference);

    /// <summary>Tokens that differ.</summary>
    public int CountOtherTokens(SteppedRow reference) => Tokens.Zip(reference.Tokens).Count(pair => pair.First != pair.Second);
}
