using System.Text.Json;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Arrays that take listed values, each at most once, as expressions. Which were taken cannot be remembered, so they are written in the schema's order, as a set may be: one rule for each
/// value and number of items so far.
/// </summary>
/// <param name="shape">The arrays.</param>
/// <param name="values">What items may be.</param>
/// <param name="layout">White space.</param>
/// <param name="effort">Takes note of the rules.</param>
internal sealed class UniqueArrayText(ArrayShape shape, IReadOnlyList<JsonElement> values, JsonLayout layout, Effort effort)
{
    private const int CostOfRule = 25;

    private readonly bool _isBounded = shape.MaxItems < values.Count;

    public Expression Write()
    {
        JsonElement[] distinct = Distinct();
        if (shape.MinItems > Math.Min(shape.MaxItems ?? int.MaxValue, distinct.Length)) return Nothing;
        int last = _isBounded ? shape.MaxItems!.Value : Math.Max(shape.MinItems, 1); // from here on the number no longer tells anything
        effort.Spend(CostOfRule * (last + 1L) * distinct.Length);
        Expression[] following = [.. Enumerable.Range(0, last + 1).Select(count => count > 0 && count >= shape.MinItems ? Expression.Empty : Nothing)]; // by number of items before
        for (int i = distinct.Length - 1; i >= 0; i--) following = [.. Enumerable.Range(0, last + 1).Select(count => From(distinct[i], count, following))];
        return layout.Array(following[0], canBeEmpty: shape.MinItems == 0);
    }

    private JsonElement[] Distinct()
    {
        effort.Spend((long)values.Count * values.Count);
        return [.. values.Where((value, index) => !values.Take(index).Any(earlier => JsonElement.DeepEquals(earlier, value)))];
    }

    // This value and what may follow it, or what follows without it.
    private Expression From(JsonElement value, int count, Expression[] following)
    {
        int last = following.Length - 1;
        if (count == last && _isBounded) return following[count];
        Expression taken = Sequence(count == 0 ? Expression.Empty : layout.Comma, Exact(JsonText.Spell(value)), following[Math.Min(count + 1, last)]);
        Expression either = OneOf(taken, following[count]);
        return either == Nothing ? either : new Reference(new Rule($"item {count} or later ones") { Body = either });
    }
}
