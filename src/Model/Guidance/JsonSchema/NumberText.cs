namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Numbers of a shape as expressions.</summary>
/// <param name="effort">Takes note of the rules for multiples.</param>
internal sealed class NumberText(Effort effort)
{
    private readonly Dictionary<ExactNumber, Multiples> _multiples = new() { [ExactNumber.One] = new Multiples(1) }; // by factor: many rules, which all ranges share

    public Expression Of(NumberShape shape, string path)
    {
        bool isBounded = shape.Minimum is not null || shape.Maximum is not null;
        if (shape.Factor is not { } factor) return isBounded ? DecimalRange.Between(shape.Minimum, shape.Maximum) : JsonText.AnyNumber;
        return isBounded || factor != ExactNumber.One ? new MultipleRange(MultiplesOf(factor, path)).Between(shape.Minimum, shape.Maximum) : JsonText.AnyInteger;
    }

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
