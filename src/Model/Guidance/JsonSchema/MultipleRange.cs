using System.Globalization;
using System.Numerics;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The multiples of a factor in a range, written as readers of binary64 see them exactly: in at most <see cref="JsonText.MaxDigits"/> digits.</summary>
/// <remarks>
/// All numbers are in units of the factor's last place: of 0.01 for 0.25, of 1 for 25.
/// 1. Negative numbers are a minus sign and a range of magnitudes.
/// 2. A range of magnitudes is one range for each number of digits, of which at least one stands before the point.
/// 3. Among numbers of as many digits, after the digits that both ends share, the next digit is the lower end's, or the upper end's, or strictly between, and then the rest is free.
/// </remarks>
internal sealed class MultipleRange(Multiples multiples)
{
    private static readonly BigInteger Largest = BigInteger.Pow(10, JsonText.MaxDigits) - 1;

    public Expression Between(Bound? minimum, Bound? maximum)
    {
        BigInteger low = minimum is { } lower ? DecimalRange.Inwards(lower, 1).Ceiling(multiples.Decimals) : -Largest;
        BigInteger high = maximum is { } upper ? DecimalRange.Inwards(upper, -1).Floor(multiples.Decimals) : Largest;
        low = BigInteger.Max(low, -Largest);
        high = BigInteger.Min(high, Largest);
        return OneOf(
            Magnitudes(BigInteger.Max(low, 0), high),
            Sequence(Exact("-"), Magnitudes(BigInteger.Max(-high, 1), -low)));
    }

    /// <summary>Numbers that are not negative, without a sign.</summary>
    public Expression Magnitudes(BigInteger low, BigInteger high)
    {
        if (low > high) return Nothing;
        string shortest = Spell(low), longest = Spell(high);
        return OneOf(Enumerable.Range(shortest.Length, longest.Length - shortest.Length + 1).Select(length => SameLength(
            length == shortest.Length ? shortest : "1" + new string('0', length - 1),
            length == longest.Length ? longest : new string('9', length),
            written: 0)));
    }

    private Expression SameLength(string low, string high, int written)
    {
        if (IsZero(low) && high.All(digit => digit == '9')) return multiples.Run(low.Length, written);
        string nines = new('9', low.Length - 1), zeros = new('0', low.Length - 1);
        bool wholeLow = low[1..] == zeros, wholeHigh = high[1..] == nines; // an end whose rest is free belongs to the digits between
        return multiples.Placed(low.Length, written, canBeZero: IsZero(low), low[0] == high[0]
            ? Then(low[0], low[0], next => SameLength(low[1..], high[1..], next))
            : OneOf(
                wholeLow ? Nothing : Then(low[0], low[0], next => SameLength(low[1..], nines, next)),
                Then((char)(low[0] + (wholeLow ? 0 : 1)), (char)(high[0] - (wholeHigh ? 0 : 1)), next => multiples.Run(low.Length - 1, next)),
                wholeHigh ? Nothing : Then(high[0], high[0], next => SameLength(zeros, high[1..], next))));

        Expression Then(char first, char last, Func<int, Expression> rest) => multiples.Then(first, last, low.Length, written, rest);
    }

    private static bool IsZero(string digits) => digits.All(digit => digit == '0');

    private string Spell(BigInteger value) => value.ToString(CultureInfo.InvariantCulture).PadLeft(multiples.Decimals + 1, '0');
}
