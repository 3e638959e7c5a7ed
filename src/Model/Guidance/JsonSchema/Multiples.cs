using System.Numerics;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Runs of digits that make a number, some of whose digits are written already, a multiple of a factor: one rule for each remainder and length.</summary>
internal sealed class Multiples(int factor)
{
    private const int MaxFactor = 128;

    private readonly Dictionary<(int Count, int Remainder), Rule> _rules = [];
    private readonly int _decidingDigits = DecidingDigits(factor) ?? int.MaxValue;

    public int Factor => factor;

    /// <summary>Whether the rules stay few: the factor is small, or only the last digits tell.</summary>
    public static bool Supports(BigInteger factor) => factor <= MaxFactor || (factor <= 10_000 && DecidingDigits((int)factor) is <= 4);

    /// <summary>As many digits, after digits whose number leaves a remainder.</summary>
    public Expression Run(int count, int remainder)
    {
        if (factor == 1) return Repeat(Digit, count, count);
        if (count > _decidingDigits) return Sequence(Repeat(Digit, count - _decidingDigits, count - _decidingDigits), Run(_decidingDigits, 0));
        if (count == 0) return remainder == 0 ? Expression.Empty : Nothing;
        if (!_rules.TryGetValue((count, remainder), out Rule? rule))
        {
            rule = _rules[(count, remainder)] = new Rule($"{count} digits after remainder {remainder} by {factor}");
            rule.Body = Then('0', '9', remainder, next => Run(count - 1, next));
        }
        return new Reference(rule);
    }

    /// <summary>One digit of a range and what follows it, given the remainder with it.</summary>
    public Expression Then(char first, char last, int remainder, Func<int, Expression> rest)
    {
        if (first > last) return Nothing;
        if (factor == 1) return Sequence(Range(first, last), rest(0));
        return OneOf(Enumerable.Range(first, last - first + 1).Select(digit => Sequence(Exact(((char)digit).ToString()), rest((remainder * 10 + digit - '0') % factor))));
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
