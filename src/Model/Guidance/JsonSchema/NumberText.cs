using System.Numerics;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Numbers of a shape as expressions.</summary>
/// <param name="effort">Takes note of the rules for multiples.</param>
internal sealed class NumberText(Effort effort)
{
    private readonly Dictionary<int, Multiples> _multiples = []; // by factor: many rules, which all ranges share

    public Expression Of(NumberShape shape, string path)
    {
        if (!shape.Factor.IsOne) return MultiplesOf(shape, path);
        bool isBounded = shape.Minimum is not null || shape.Maximum is not null;
        if (shape.IsInteger) return isBounded ? new IntegerRange(new Multiples(1)).Between(Lowest(shape), Highest(shape)) : JsonText.AnyInteger;
        return isBounded ? DecimalRange.Between(shape.Minimum, shape.Maximum) : JsonText.AnyNumber;
    }

    /// <summary>The smallest integer of a shape; null where it has no lower end.</summary>
    public static BigInteger? Lowest(NumberShape shape) =>
        shape.Minimum is not { } bound ? null : bound.IsExclusive ? bound.Value.Floor() + 1 : bound.Value.Ceiling();

    /// <summary>The largest integer of a shape; null where it has no upper end.</summary>
    public static BigInteger? Highest(NumberShape shape) =>
        shape.Maximum is not { } bound ? null : bound.IsExclusive ? bound.Value.Ceiling() - 1 : bound.Value.Floor();

    // A multiple of an integer is one, so that a number is written as an integer here.
    private Expression MultiplesOf(NumberShape shape, string path)
    {
        if (Multiples.Supports(shape.Factor)) return new IntegerRange(MultiplesOf((int)shape.Factor)).Between(Lowest(shape), Highest(shape));
        throw new GrammarException(SchemaPath.Append(path, "multipleOf"), $"Multiples of {shape.Factor} are not supported: the factor may be up to 128, or up to 10,000 without other prime factors than 2 and 5. List the values with enum.");
    }

    private Multiples MultiplesOf(int factor)
    {
        if (_multiples.TryGetValue(factor, out Multiples? known)) return known;
        effort.Spend(10L * JsonText.MaxDigits * factor);
        return _multiples[factor] = new Multiples(factor);
    }
}
