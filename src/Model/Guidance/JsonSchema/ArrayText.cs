using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Arrays of a shape as expressions.</summary>
/// <param name="shape">The arrays.</param>
/// <param name="layout">White space.</param>
/// <param name="valueOf">The texts of a value.</param>
internal sealed class ArrayText(ArrayShape shape, JsonLayout layout, Func<Conjunction, Expression> valueOf)
{
    // As for objects: items after the first ones are written where the schema speaks of them, or asks for more than those.
    private readonly int? _maximum = shape.NamesItems || shape.Prefix.Count == 0 ? shape.MaxItems : Smaller(shape.MaxItems, Math.Max(shape.Prefix.Count, shape.MinItems));

    public Expression Write()
    {
        if (shape.MinItems > _maximum) return Nothing;
        if (_maximum == 0) return Exact("[]");
        return layout.Array(shape.Prefix.Count > 0 ? First() : Sequence(valueOf(shape.Items), Rest(1)), canBeEmpty: shape.MinItems == 0);
    }

    private Expression First()
    {
        Expression following = Rest(shape.Prefix.Count);
        for (int i = Math.Min(shape.Prefix.Count, _maximum ?? int.MaxValue) - 1; i > 0; i--)
        {
            following = Sequence(layout.Comma, valueOf(shape.Prefix[i]), following);
            if (i < shape.MinItems) continue;
            following = new Reference(new Rule($"from item {i}") { Body = Optional(following) }); // a rule, lest a long list nest as deep as it is long
        }
        return Sequence(valueOf(shape.Prefix[0]), following);
    }

    // What follows the first so many items.
    private Expression Rest(int count)
    {
        if (_maximum <= count) return Expression.Empty;
        return Repeat(Sequence(layout.Comma, valueOf(shape.Items)), Math.Max(shape.MinItems - count, 0), _maximum - count);
    }

    private static int Smaller(int? one, int other) => one is { } value ? Math.Min(value, other) : other;
}
