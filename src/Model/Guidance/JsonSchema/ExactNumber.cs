using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>A JSON number as it is written, without rounding: <c>Digits × 10^Exponent</c>.</summary>
internal readonly record struct ExactNumber(BigInteger Digits, int Exponent) : IComparable<ExactNumber>
{
    private const int MaxLength = 400, MaxExponent = 400;

    /// <summary>Reads a number of a schema.</summary>
    /// <exception cref="GrammarException">It is none, or longer or larger than any reader takes.</exception>
    public static ExactNumber Read(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Number) throw new GrammarException(path, "Expected a number.");
        string text = element.GetRawText();
        int e = text.IndexOfAny(['e', 'E']), exponent = 0;
        string mantissa = e < 0 ? text : text[..e];
        if (text.Length > MaxLength || (e >= 0 && (!int.TryParse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > MaxExponent)))
            throw new GrammarException(path, "This number is out of range.");
        int point = mantissa.IndexOf('.');
        int decimals = point < 0 ? 0 : mantissa.Length - point - 1;
        return Shortest(BigInteger.Parse(mantissa.Replace(".", ""), CultureInfo.InvariantCulture), exponent - decimals);
    }

    // Equal numbers are equal records: 1, 1.0 and 10e-1.
    private static ExactNumber Shortest(BigInteger digits, int exponent)
    {
        if (digits.IsZero) return default;
        for (; (digits % 10).IsZero; exponent++) digits /= 10;
        return new ExactNumber(digits, exponent);
    }

    public static ExactNumber One { get; } = new(1, 0);

    public static ExactNumber operator -(ExactNumber number) => number with { Digits = -number.Digits };

    /// <summary>How many digits stand behind the point.</summary>
    public int Decimals => Math.Max(-Exponent, 0);

    public bool IsMultipleOf(ExactNumber factor)
    {
        int decimals = Math.Max(Decimals, factor.Decimals);
        return (Floor(decimals) % factor.Floor(decimals)).IsZero;
    }

    /// <summary>The smallest number above 0 that is a multiple of both; of one alone that one.</summary>
    public static ExactNumber? CommonMultiple(ExactNumber? first, ExactNumber? second)
    {
        if (first is not { } one || second is not { } other) return first ?? second;
        int decimals = Math.Max(one.Decimals, other.Decimals);
        BigInteger digits = one.Floor(decimals), others = other.Floor(decimals);
        return Shortest(digits / BigInteger.GreatestCommonDivisor(digits, others) * others, -decimals);
    }

    /// <summary>Without an exponent.</summary>
    public string Spell()
    {
        string digits = Floor(Decimals).ToString(CultureInfo.InvariantCulture).PadLeft(Decimals + 1, '0');
        return Decimals == 0 ? digits : digits.Insert(digits.Length - Decimals, ".");
    }

    /// <summary>The largest integer not above this number times <c>10^decimals</c>.</summary>
    public BigInteger Floor(int decimals = 0)
    {
        int exponent = Exponent + decimals;
        if (exponent >= 0) return Digits * BigInteger.Pow(10, exponent);
        var quotient = BigInteger.DivRem(Digits, BigInteger.Pow(10, -exponent), out BigInteger rest);
        return rest.Sign < 0 ? quotient - 1 : quotient;
    }

    /// <summary>The smallest integer not below this number times <c>10^decimals</c>.</summary>
    public BigInteger Ceiling(int decimals = 0) => -(-this).Floor(decimals);

    public int CompareTo(ExactNumber other)
    {
        int exponent = Math.Min(Exponent, other.Exponent);
        return (Digits * BigInteger.Pow(10, Exponent - exponent)).CompareTo(other.Digits * BigInteger.Pow(10, other.Exponent - exponent));
    }
}
