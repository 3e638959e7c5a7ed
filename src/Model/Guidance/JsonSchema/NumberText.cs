using System.Numerics;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Numbers of a shape as expressions.</summary>
internal static class NumberText
{
    public static Expression Of(NumberShape shape, string path)
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
    private static Expression MultiplesOf(NumberShape shape, string path)
    {
        if (Multiples.Supports(shape.Factor)) return new IntegerRange(new Multiples((int)shape.Factor)).Between(Lowest(shape), Highest(shape));
        throw new GrammarException(SchemaPath.Append(path, "multipleOf"), $"Multiples of {shape.Factor} are not supported: the factor may be up to 128, or up to 10,000 without other prime factors than 2 and 5. List the values with enum.");
    }
}
