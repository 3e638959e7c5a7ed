namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Numbers of a shape as expressions.</summary>
/// <param name="effort">Takes note of the rules for multiples.</param>
internal sealed class NumberText(Effort effort)
{
    private static readonly ExactNumber FirstBeyond = new(1, JsonText.MaxDigits);

    private readonly Dictionary<ExactNumber, Multiples> _multiples = new() { [ExactNumber.One] = new Multiples(1) }; // by factor: many rules, which all ranges share

    public Expression Of(NumberShape shape, string path)
    {
        if (shape.Minimum is { } low && low.Value.CompareTo(FirstBeyond) >= 0 && !(shape.Maximum?.Value.CompareTo(low.Value) < 0)) throw Beyond(path, low, "minimum", "exclusiveMinimum");
        if (shape.Maximum is { } high && high.Value.CompareTo(-FirstBeyond) <= 0 && !(shape.Minimum?.Value.CompareTo(high.Value) > 0)) throw Beyond(path, high, "maximum", "exclusiveMaximum");
        bool isBounded = shape.Minimum is not null || shape.Maximum is not null;
        if (shape.Factor is not { } factor) return isBounded ? DecimalRange.Between(shape.Minimum, shape.Maximum) : JsonText.AnyNumber;
        return isBounded || factor != ExactNumber.One ? new MultipleRange(MultiplesOf(factor, path)).Between(shape.Minimum, shape.Maximum) : JsonText.AnyInteger;
    }

    private static GrammarException Beyond(string path, Bound bound, string keyword, string exclusiveKeyword) => new(
        SchemaPath.Append(path, bound.IsExclusive ? exclusiveKeyword : keyword),
        $"Numbers have at most {JsonText.MaxDigits} digits before the point here, since not every reader sees longer ones exactly; ask for smaller ones, or for a string of digits by a pattern.");

    private Multiples MultiplesOf(ExactNumber factor, string path)
    {
        if (_multiples.TryGetValue(factor, out Multiples? known)) return known;
        if (!Multiples.Supports(factor))
            throw new GrammarException(SchemaPath.Append(path, "multipleOf"), $"Multiples of {factor.Spell()} are not supported: without its point the factor may be up to 128, or up to 10,000 without other prime factors than 2 and 5, and it may have up to 14 decimals. List the values with enum.");
        int digits = (int)factor.Floor(factor.Decimals);
        effort.Spend(10L * JsonText.MaxDigits * digits);
        return _multiples[factor] = new Multiples(digits, factor.Decimals);
    }
}
