using System.Globalization;
using System.Text.Json.Serialization;

namespace Llama.Server.Bench.Measuring;

/// <summary>A number of tokens, fixed or drawn evenly from a range: <c>128</c> or <c>32..512</c>.</summary>
/// <param name="Least">The smallest, at least 1.</param>
/// <param name="Most">The largest.</param>
[JsonConverter(typeof(NumberRangeJson))]
internal sealed record NumberRange(int Least, int Most)
{
    public static bool TryParse(string text, out NumberRange? range)
    {
        string[] ends = text.Split("..");
        bool isRange = TryParseEnd(ends[0], out int least) & TryParseEnd(ends[^1], out int most) && ends.Length <= 2 && least <= most;
        range = isRange ? new NumberRange(least, most) : null;
        return isRange;
    }

    public int Draw(Random random) => random.Next(Least, Most + 1);

    public override string ToString() => Least == Most ? $"{Least}" : $"{Least}..{Most}";

    private static bool TryParseEnd(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value is >= 1 and < int.MaxValue;
}
