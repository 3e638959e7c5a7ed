using System.Globalization;
using System.Numerics;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The decimal numbers of a range, without exponents.</summary>
/// <remarks>
/// Rounding keeps order: when a text's number is within an end that a reader sees exactly, what the reader makes of the text is too. So ends are first drawn inwards to as many
/// digits as every reader tells apart, and an end that is itself excluded one such step further.
/// 1. In units of 10^-15; negative numbers are a minus sign and a range of magnitudes.
/// 2. Between the integer parts of both ends any fraction may follow; at an end, fractions up to the end's.
/// 3. Fractions are compared digit by digit; unlike integers they may stop early, which stands for zeros.
/// </remarks>
internal static class DecimalRange
{
    private const int Decimals = JsonText.MaxDigits;

    private static readonly BigInteger One = BigInteger.Pow(10, Decimals);

    private static readonly BigInteger Largest = One * One - 1;

    private static readonly MultipleRange Integers = new(new Multiples(1));

    private static readonly Expression AnyFraction = Optional(Sequence(Exact("."), Repeat(Digit, 1, Decimals)));

    public static Expression Between(Bound? minimum, Bound? maximum)
    {
        BigInteger low = minimum is { } lower ? Inwards(lower, 1).Floor(Decimals) : -Largest, high = maximum is { } upper ? Inwards(upper, -1).Floor(Decimals) : Largest;
        low = BigInteger.Max(low, -Largest);
        high = BigInteger.Min(high, Largest);
        return OneOf(
            Magnitudes(BigInteger.Max(low, 0), high),
            low.Sign < 0 ? Sequence(Exact("-"), Magnitudes(BigInteger.Max(-high, 0), -low)) : Nothing);
    }

    /// <summary>An end, rounded towards the range to as many digits as readers tell apart.</summary>
    public static ExactNumber Inwards(Bound bound, int direction)
    {
        BigInteger integer = BigInteger.Abs(bound.Value.Floor());
        int digits = integer.IsZero ? 0 : integer.ToString(CultureInfo.InvariantCulture).Length;
        int decimals = Math.Max(Decimals - digits, 0);
        BigInteger steps = direction > 0 ? bound.Value.Ceiling(decimals) : bound.Value.Floor(decimals);
        if (bound.IsExclusive) steps += direction;
        return new ExactNumber(steps, -decimals);
    }

    private static Expression Magnitudes(BigInteger low, BigInteger high)
    {
        if (low > high) return Nothing;
        var first = BigInteger.DivRem(low, One, out BigInteger lowRest);
        var last = BigInteger.DivRem(high, One, out BigInteger highRest);
        string from = Fraction(lowRest), to = Fraction(highRest), zeros = new('0', Decimals), nines = new('9', Decimals);
        if (first == last) return Sequence(Integers.Magnitudes(first, first), Fractions(from, to));
        bool wholeFirst = from == zeros, wholeLast = to == nines;
        return OneOf(
            wholeFirst ? Nothing : Sequence(Integers.Magnitudes(first, first), Fractions(from, nines)),
            Sequence(Integers.Magnitudes(wholeFirst ? first : first + 1, wholeLast ? last : last - 1), AnyFraction),
            wholeLast ? Nothing : Sequence(Integers.Magnitudes(last, last), Fractions(zeros, to)));
    }

    // With the point; no fraction at all stands for zeros.
    private static Expression Fractions(string low, string high)
    {
        Expression written = Sequence(Exact("."), Digits(low, high));
        return IsZero(low) ? Optional(written) : written;
    }

    // One digit or more, of at most as many as the ends have.
    private static Expression Digits(string low, string high)
    {
        if (IsZero(low) && high.All(digit => digit == '9')) return Repeat(Digit, 1, low.Length);
        if (low[0] == high[0]) return Then(low[0], low[1..], high[1..]);
        string nines = new('9', low.Length - 1), zeros = new('0', low.Length - 1);
        char between = (char)(low[0] + 1), before = (char)(high[0] - 1);
        return OneOf(
            Then(low[0], low[1..], nines),
            between <= before ? Sequence(Range(between, before), Repeat(Digit, 0, low.Length - 1)) : Nothing,
            Then(high[0], zeros, high[1..]));
    }

    private static Expression Then(char digit, string low, string high)
    {
        Expression rest = low.Length == 0 ? Expression.Empty : IsZero(low) ? Optional(Digits(low, high)) : Digits(low, high);
        return Sequence(Exact(digit.ToString()), rest);
    }

    private static bool IsZero(string digits) => digits.All(digit => digit == '0');

    private static string Fraction(BigInteger units) => units.ToString(CultureInfo.InvariantCulture).PadLeft(Decimals, '0');
}
