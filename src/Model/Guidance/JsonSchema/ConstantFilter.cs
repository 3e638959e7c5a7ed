using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Validates given values, so that the ones a schema lists can be held to what else it says.</summary>
/// <param name="shapesOf">The shapes that satisfy a conjunction.</param>
/// <param name="texts">Holds strings to rules.</param>
/// <param name="properties">Knows what is asked of properties that are not declared.</param>
/// <param name="effort">Takes note of comparisons.</param>
internal sealed class ConstantFilter(Func<Conjunction, IReadOnlyList<Shape>> shapesOf, TextMatcher texts, PropertyRules properties, Effort effort)
{
    /// <summary>The values that also have a shape; null when none has.</summary>
    public Constants? Keep(Constants constants, Shape shape)
    {
        if (shape is Constants listed) return KeepListed(constants, listed);
        JsonElement[] kept = [.. constants.Values.Where(value => Has(value, shape))];
        return kept.Length == 0 ? null : kept.Length == constants.Values.Count ? constants : new Constants(kept);
    }

    public bool Has(JsonElement value, Shape shape) => (shape, value.ValueKind) switch
    {
        (Constants constants, _) => KeepListed(new Constants([value]), constants) is not null,
        (NumberShape number, JsonValueKind.Number) => Has(value, number),
        (StringShape text, JsonValueKind.String) => texts.Has(value.GetString()!, text),
        (ArrayShape array, JsonValueKind.Array) => Has(value, array),
        (ObjectShape members, JsonValueKind.Object) => Has(value, members),
        _ => false,
    };

    // Long lists meet by keys: comparing each with each would take the product of their lengths, as it does where arrays and objects are listed.
    private Constants? KeepListed(Constants constants, Constants listed)
    {
        var keys = listed.Values.Select(KeyOf).OfType<string>().ToHashSet();
        JsonElement[] containers = [.. listed.Values.Where(value => KeyOf(value) is null)];
        effort.Spend((long)constants.Values.Count * containers.Length);
        JsonElement[] kept = [.. constants.Values.Where(value => KeyOf(value) is { } key ? keys.Contains(key) : containers.Any(other => JsonElement.DeepEquals(other, value)))];
        return kept.Length == 0 ? null : new Constants(kept);
    }

    /// <summary>The same text for equal scalars; null for arrays and objects.</summary>
    public static string? KeyOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonText.Spell(value),
        JsonValueKind.Number => ExactNumber.Read(value, "").ToString(),
        JsonValueKind.Array or JsonValueKind.Object => null,
        _ => value.GetRawText(),
    };

    private static bool Has(JsonElement value, NumberShape shape)
    {
        var number = ExactNumber.Read(value, "");
        if (shape.Minimum is { } low && Beyond(low, number.CompareTo(low.Value))) return false;
        if (shape.Maximum is { } high && Beyond(high, high.Value.CompareTo(number))) return false;
        return shape.Factor is not { } factor || number.IsMultipleOf(factor);
    }

    private static bool Beyond(Bound bound, int side) => side < 0 || (side == 0 && bound.IsExclusive);

    private bool Has(JsonElement value, ArrayShape shape)
    {
        int count = value.GetArrayLength();
        if (count < shape.MinItems || count > shape.MaxItems || (shape.AreUnique && HasEqualItems(value))) return false;
        return value.EnumerateArray().Select((item, index) => Satisfies(item, index < shape.Prefix.Count ? shape.Prefix[index] : shape.Items)).All(fits => fits);
    }

    private bool HasEqualItems(JsonElement array)
    {
        JsonElement[] items = [.. array.EnumerateArray()];
        effort.Spend((long)items.Length * items.Length);
        return items.Where((item, index) => items.Take(index).Any(earlier => JsonElement.DeepEquals(earlier, item))).Any();
    }

    private bool Has(JsonElement value, ObjectShape shape)
    {
        int count = value.GetPropertyCount();
        if (count < shape.MinCount || count > shape.MaxCount) return false;
        var declared = shape.Properties.ToDictionary(property => property.Name);
        return shape.Properties.All(property => !property.IsRequired || value.TryGetProperty(property.Name, out _))
            && value.EnumerateObject().All(member => Satisfies(
                member.Value, declared.TryGetValue(member.Name, out PropertyShape? property) ? property.Value : properties.Asked(shape, member.Name, shape.Others)));
    }

    private bool Satisfies(JsonElement value, Conjunction conjunction) => shapesOf(conjunction).Any(shape => Has(value, shape));
}
