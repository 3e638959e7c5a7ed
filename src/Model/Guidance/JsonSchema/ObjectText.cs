using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Objects of a shape as expressions: the declared properties in the schema's order, then others. A property that may be left out makes two cases of its comma, so what follows
/// it becomes a rule that both share: the whole stays as long as the list of properties.
/// </summary>
/// <param name="shape">The objects.</param>
/// <param name="layout">White space.</param>
/// <param name="valueOf">The texts of a value.</param>
/// <param name="effort">Takes note of the names that others must differ from.</param>
internal sealed class ObjectText(ObjectShape shape, JsonLayout layout, Func<Conjunction, Expression> valueOf, Effort effort)
{
    private const int CostOfCharacter = 5;

    public Expression Write()
    {
        List<PropertyShape> properties = [.. shape.Properties];
        int leading = properties.FindIndex(property => property.IsRequired); // properties that may be left out before the first that may not
        if (leading == 0) return layout.Object(Sequence(Member(properties[0]), Following(1)), canBeEmpty: false);
        bool canBeEmpty = leading < 0;
        if (canBeEmpty) leading = properties.Count;
        return layout.Object(Beginnings(properties, leading), canBeEmpty);
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
        IEnumerable<Expression> members = shape.Properties.Skip(from).Select(property =>
        {
            Expression member = Sequence(layout.Comma, Member(property));
            return property.IsRequired ? member : Optional(member);
        });
        return Sequence([.. members, Other() is { } other ? Many(Sequence(layout.Comma, other)) : Expression.Empty]);
    }

    private Expression Others() => Other() is { } other ? Sequence(other, Many(Sequence(layout.Comma, other))) : Nothing;

    // A model that may add properties to declared ones adds them without end, so they are written only where the schema speaks of them, or of no property at all.
    private Expression? Other()
    {
        if (!shape.NamesOthers && (shape.NamesProperties || shape.Properties.Count > 0)) return null;
        Expression value = valueOf(shape.Others);
        effort.Spend(CostOfCharacter * shape.Properties.Sum(property => (long)property.Name.Length));
        return value == Nothing ? null : Sequence(OtherNames.Than(shape.Properties.Select(property => property.Name)), layout.Colon, value);
    }

    private Expression Member(PropertyShape property) => Sequence(Exact(JsonText.Spell(property.Name)), layout.Colon, valueOf(property.Value));
}
