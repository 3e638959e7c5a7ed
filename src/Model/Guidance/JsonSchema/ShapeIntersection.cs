namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The shape of values that have two shapes at once.</summary>
internal static class ShapeIntersection
{
    /// <returns>Null when no value has both, as far as the shapes themselves tell.</returns>
    public static Shape? Of(Shape first, Shape second, ConstantFilter filter, PropertyRules rules)
    {
        Shape? both = Both(first, second, filter, rules);
        return both is null ? null : both with { IsTacit = first.IsTacit && second.IsTacit };
    }

    private static Shape? Both(Shape first, Shape second, ConstantFilter filter, PropertyRules rules) => (first, second) switch
    {
        (Constants constants, _) => filter.Keep(constants, second),
        (_, Constants constants) => filter.Keep(constants, first),
        (NumberShape one, NumberShape other) => Both(one, other),
        (StringShape one, StringShape other) => Both(one, other),
        (ArrayShape one, ArrayShape other) => Both(one, other),
        (ObjectShape one, ObjectShape other) => Both(one, other, rules),
        _ => null,
    };

    private static NumberShape Both(NumberShape one, NumberShape other) => new(
        Bound.Higher(one.Minimum, other.Minimum),
        Bound.Lower(one.Maximum, other.Maximum),
        ExactNumber.CommonMultiple(one.Factor, other.Factor));

    private static StringShape Both(StringShape one, StringShape other) => new()
    {
        MinLength = Math.Max(one.MinLength, other.MinLength),
        MaxLength = Smaller(one.MaxLength, other.MaxLength),
        Rules = [.. one.Rules.Union(other.Rules)],
    };

    private static ArrayShape Both(ArrayShape one, ArrayShape other) => new()
    {
        Prefix = [.. Enumerable.Range(0, Math.Max(one.Prefix.Count, other.Prefix.Count)).Select(index => ItemAt(one, index).And(ItemAt(other, index)))],
        Items = one.Items.And(other.Items),
        NamesItems = one.NamesItems || other.NamesItems,
        MinItems = Math.Max(one.MinItems, other.MinItems),
        MaxItems = Smaller(one.MaxItems, other.MaxItems),
        AreUnique = one.AreUnique || other.AreUnique,
    };

    private static ObjectShape Both(ObjectShape one, ObjectShape other, PropertyRules rules)
    {
        var others = other.Properties.ToDictionary(property => property.Name);
        var own = one.Properties.Select(property => property.Name).ToHashSet();
        IEnumerable<PropertyShape> shared = one.Properties.Select(property => others.TryGetValue(property.Name, out PropertyShape? also)
            ? new PropertyShape(property.Name, property.Value.And(also.Value), property.IsRequired || also.IsRequired)
            : property with { Value = property.Value.And(rules.Asked(other, property.Name, other.Others)) });
        IEnumerable<PropertyShape> added = other.Properties.Where(property => !own.Contains(property.Name))
            .Select(property => property with { Value = property.Value.And(rules.Asked(one, property.Name, one.Others)) });
        return new ObjectShape
        {
            Properties = [.. shared, .. added],
            Patterns = [.. one.Patterns.Select(pattern => Both(pattern, other)), .. other.Patterns.Where(pattern => Find(one, pattern) is null).Select(pattern => Both(pattern, one))],
            Others = one.Others.And(other.Others),
            Names = one.Names.And(other.Names),
            MinCount = Math.Max(one.MinCount, other.MinCount),
            MaxCount = Smaller(one.MaxCount, other.MaxCount),
            NamesProperties = one.NamesProperties || other.NamesProperties,
            NamesOthers = one.NamesOthers || other.NamesOthers,
        };
    }

    // A name that matches a pattern of one object alone is any other name to the other. One that matches several is not written at all.
    private static PatternShape Both(PatternShape pattern, ObjectShape other) => pattern with { Value = pattern.Value.And(Find(other, pattern)?.Value ?? other.Others) };

    private static PatternShape? Find(ObjectShape shape, PatternShape pattern) => shape.Patterns.FirstOrDefault(one => one.Names == pattern.Names);

    private static Conjunction ItemAt(ArrayShape shape, int index) => index < shape.Prefix.Count ? shape.Prefix[index] : shape.Items;

    private static int? Smaller(int? one, int? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
