using System.Globalization;
using System.Numerics;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The integers of a range, written as readers of binary64 see them exactly: in at most <see cref="JsonText.MaxDigits"/> digits.</summary>
/// <remarks>
/// 1. Negative numbers are a minus sign and a range of magnitudes.
/// 2. A range of magnitudes is one range for each number of digits.
/// 3. Among numbers of as many digits, after the digits that both ends share, the next digit is the lower end's, or the upper end's, or strictly between, and then the rest is free.
/// </remarks>
internal sealed class IntegerRange(Multiples multiples)
{
    private static readonly BigInteger Largest = BigInteger.Pow(10, JsonText.MaxDigits) - 1;

    public Expression Between(BigInteger? minimum, BigInteger? maximum)
    {
        BigInteger low = BigInteger.Max(minimum ?? -Largest, -Largest), high = BigInteger.Min(maximum ?? Largest, Largest);
        return OneOf(
            Magnitudes(BigInteger.Max(low, 0), high),
            Sequence(Exact("-"), Magnitudes(BigInteger.Max(-high, 1), -low)));
    }

    /// <summary>Integers that are not negative, without a sign.</summary>
    public Expression Magnitudes(BigInteger low, BigInteger high)
    {
        if (low > high) return Nothing;
        int shortest = Spell(low).Length, longest = Spell(high).Length;
        return OneOf(Enumerable.Range(shortest, longest - shortest + 1).Select(length => SameLength(
            length == shortest ? Spell(low) : "1" + new string('0', length - 1),
            length == longest ? Spell(high) : new string('9', length),
            remainder: 0)));
    }

    private Expression SameLength(string low, string high, int remainder)
    {
        if (low.All(digit => digit == '0') && high.All(digit => digit == '9')) return multiples.Run(low.Length, remainder);
        string nines = new('9', low.Length - 1), zeros = new('0', low.Length - 1);
        if (low[0] == high[0]) return multiples.Then(low[0], low[0], remainder, next => SameLength(low[1..], high[1..], next));
        bool wholeLow = low[1..] == zeros, wholeHigh = high[1..] == nines; // an end whose rest is free belongs to the digits between
        return OneOf(
            wholeLow ? Nothing : multiples.Then(low[0], low[0], remainder, next => SameLength(low[1..], nines, next)),
            multiples.Then((char)(low[0] + (wholeLow ? 0 : 1)), (char)(high[0] - (wholeHigh ? 0 : 1)), remainder, next => multiples.Run(low.Length - 1, next)),
            wholeHigh ? Nothing : multiples.Then(high[0], high[0], remainder, next => SameLength(zeros, high[1..], next)));
    }

    private static string Spell(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);
}
