using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Objects of a shape as expressions: the declared properties in the schema's order, then others. A property that may be left out makes two cases of its comma, so what follows
/// it becomes a rule that both share: the whole stays as long as the list of properties.
/// </summary>
/// <param name="count">The properties, and how many there may be.</param>
/// <param name="layout">White space.</param>
/// <param name="valueOf">The texts of a value.</param>
/// <param name="other">Any one property that is not declared; null where none is written.</param>
internal sealed class ObjectText(PropertyCount count, JsonLayout layout, Func<Conjunction, Expression> valueOf, Expression? other)
{
    public Expression Write()
    {
        if (other is null && count.FewestOthers > 0) return Nothing;
        List<PropertyShape> properties = [.. count.Declared];
        int leading = properties.FindIndex(property => property.IsRequired); // properties that may be left out before the first that may not
        if (leading == 0) return layout.Object(Sequence(Member(properties[0]), Following(1)), canBeEmpty: false);
        bool hasRequired = leading > 0;
        if (!hasRequired) leading = properties.Count;
        return layout.Object(Beginnings(properties, leading), canBeEmpty: !hasRequired && !count.ForbidsEmpty);
    }

    // The first member is any of the leading ones, or what must follow them all.
    private Expression Beginnings(List<PropertyShape> properties, int leading)
    {
        bool hasRequired = leading < properties.Count;
        Expression following = Following(hasRequired ? leading + 1 : leading);
        var beginnings = new List<Expression> { hasRequired ? Sequence(Member(properties[leading]), following) : Others() };
        if (hasRequired) following = Sequence(layout.Comma, Member(properties[leading]), following);
        for (int i = leading - 1; i >= 0; i--)
        {
            var after = new Reference(new Rule($"after {properties[i].Name}") { Body = following });
            beginnings.Add(Sequence(Member(properties[i]), after));
            following = Sequence(Optional(Sequence(layout.Comma, Member(properties[i]))), after);
        }
        return OneOf(Enumerable.Reverse(beginnings));
    }

    // What comes after a member, from a declared property on.
    private Expression Following(int from)
    {
        IEnumerable<Expression> members = count.Declared.Skip(from).Select(property =>
        {
            Expression member = Sequence(layout.Comma, Member(property));
            return property.IsRequired ? member : Optional(member);
        });
        return Sequence([.. members, OthersAfter(0)]);
    }

    private Expression Others() => other is null ? Nothing : Sequence(other, OthersAfter(1));

    private Expression OthersAfter(int written) =>
        other is null ? Expression.Empty : Repeat(Sequence(layout.Comma, other), Math.Max(count.FewestOthers - written, 0), count.MostOthers - written);

    private Expression Member(PropertyShape property) => Sequence(Exact(JsonText.Spell(property.Name)), layout.Colon, valueOf(property.Value));
}
