using System.Numerics;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>An end of a range of numbers.</summary>
internal readonly record struct Bound(ExactNumber Value, bool IsExclusive)
{
    /// <summary>The stricter of two lower ends.</summary>
    public static Bound? Higher(Bound? first, Bound? second) => Stricter(first, second, 1);

    /// <summary>The stricter of two upper ends.</summary>
    public static Bound? Lower(Bound? first, Bound? second) => Stricter(first, second, -1);

    /// <summary>The smallest number of as many decimals within this lower end, in units of its last place.</summary>
    public BigInteger Lowest(int decimals) => IsExclusive ? Value.Floor(decimals) + 1 : Value.Ceiling(decimals);

    /// <summary>The largest number of as many decimals within this upper end, in units of its last place.</summary>
    public BigInteger Highest(int decimals) => IsExclusive ? Value.Ceiling(decimals) - 1 : Value.Floor(decimals);

    private static Bound? Stricter(Bound? first, Bound? second, int direction)
    {
        if (first is not { } one || second is not { } other) return first ?? second;
        int order = one.Value.CompareTo(other.Value) * direction;
        return order > 0 || (order == 0 && one.IsExclusive) ? one : other;
    }
}
