using System.Numerics;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Runs of digits that make a number, some of whose digits are written already, a multiple of a factor. A digit counts with its place, so that of those that are written only the
/// remainder of their sum matters: one rule for each remainder and number of places left.
/// </summary>
/// <param name="factor">The factor without its point: 25 for 0.25.</param>
/// <param name="decimals">Places behind the point. Zeros at their end need not be written, nor the point when nothing follows it.</param>
internal sealed class Multiples(int factor, int decimals = 0)
{
    private const int MaxFactor = 128, MaxFactorOfTens = 10_000;

    /// <summary>One digit stands before the point.</summary>
    private const int MaxDecimals = JsonText.MaxDigits - 1;

    private readonly Dictionary<(int Count, int Written), Rule> _rules = [];
    private readonly int _decidingDigits = DecidingDigits(factor) ?? JsonText.MaxDigits;
    private readonly int[] _places = [.. Enumerable.Range(0, JsonText.MaxDigits).Select(place => (int)BigInteger.ModPow(10, place, factor))]; // what a 1 there counts, from the last place on

    /// <summary>Places behind the point.</summary>
    public int Decimals => decimals;

    /// <summary>Whether the rules stay few: the factor has few digits, and is small or only the last digits tell.</summary>
    public static bool Supports(ExactNumber factor)
    {
        BigInteger digits = factor.Floor(factor.Decimals);
        return factor.Decimals <= MaxDecimals && (digits <= MaxFactor || (digits <= MaxFactorOfTens && DecidingDigits((int)digits) is not null));
    }

    /// <summary>As many digits, after digits whose sum leaves a remainder.</summary>
    public Expression Run(int count, int written)
    {
        if (count == 0) return written == 0 ? Expression.Empty : Nothing;
        int free = count - Math.Max(_decidingDigits, decimals);
        if (free > 0) return Sequence(Repeat(Digit, free, free), Run(count - free, written));
        if (!_rules.TryGetValue((count, written), out Rule? rule))
        {
            rule = _rules[(count, written)] = new Rule($"{count} digits after remainder {written} by {factor}");
            rule.Body = Placed(count, written, canBeZero: true, Then('0', '9', count, written, next => Run(count - 1, next)));
        }
        return new Reference(rule);
    }

    /// <summary>One digit of a range and what follows it, given the remainder with it.</summary>
    public Expression Then(char first, char last, int count, int written, Func<int, Expression> rest)
    {
        if (first > last) return Nothing;
        int place = _places[count - 1];
        if (place == 0) return Sequence(Range(first, last), rest(written));
        return OneOf(Enumerable.Range(first, last - first + 1).Select(digit => Sequence(Exact(((char)digit).ToString()), rest((written + ((digit - '0') * place)) % factor))));
    }

    /// <summary>As many last digits, behind the point if they are all that are; or nothing where they may all be zeros.</summary>
    public Expression Placed(int count, int written, bool canBeZero, Expression digits)
    {
        if (count > decimals) return digits;
        Expression placed = count == decimals ? Sequence(Exact("."), digits) : digits;
        return canBeZero && written == 0 ? Optional(placed) : placed;
    }

    // How many last digits tell whether a number is a multiple, if the factor has no other primes than ten has.
    private static int? DecidingDigits(int factor)
    {
        BigInteger power = 1;
        for (int digits = 0; digits <= JsonText.MaxDigits; digits++, power *= 10)
        {
            if ((power % factor).IsZero) return digits;
        }
        return null;
    }
}
