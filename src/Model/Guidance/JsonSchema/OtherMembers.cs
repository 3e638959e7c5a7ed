using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// A member that an object does not declare, as an expression: one alternative for each pattern of names. A name must match one pattern only, or it would have to satisfy several.
/// </summary>
/// <param name="shape">The objects.</param>
/// <param name="path">Their place.</param>
/// <param name="reader">Reads the schemas of names and values.</param>
/// <param name="layout">White space.</param>
/// <param name="nameOf">The texts of a name.</param>
/// <param name="valueOf">The texts of a value.</param>
internal sealed class OtherMembers(
    ObjectShape shape, string path, SchemaReader reader, JsonLayout layout, Func<StringShape, Expression> nameOf, Func<Conjunction, Expression> valueOf)
{
    private const int CostOfCharacter = 5, CostOfPair = 1_000;

    // Of more than these characters engines do not agree what a pattern means, so that it cannot be told which other pattern a name does not match.
    private readonly TextRule _plain = new("plain text", path, Many(Range(' ', '~')));

    /// <summary>Any one of them; null where none is written.</summary>
    public Expression? Write()
    {
        RefuseOverlap();
        Expression member = OneOf([.. shape.Patterns.Select(ByPattern), shape.SpeaksOfOthers || shape.NeedsOthers ? WithoutPattern() : Nothing]);
        return member == Nothing ? null : member;
    }

    private Expression ByPattern(PatternShape pattern) =>
        Sequence(Names(shape.Patterns.Count > 1 ? [pattern.Names, _plain] : [pattern.Names], isOther: true), layout.Colon, valueOf(pattern.Value));

    private Expression WithoutPattern()
    {
        Expression value = valueOf(shape.Others);
        if (value == Nothing) return Nothing;
        if (shape.Patterns.Count == 0) return Sequence(AnyName(), layout.Colon, value);
        if (ReferenceEquals(reader.Read(shape.Others), Shape.Everything)) return Nothing; // anything goes, but nobody asks for it
        throw new GrammarException(SchemaPath.Append(path, "additionalProperties"), "Beside 'patternProperties', names that match none of the patterns cannot be told while they are written; say false, or leave it out.");
    }

    private Expression AnyName() => shape.Names.Nodes.Count == 0 ? OtherNames.Than(DeclaredNames()) : Names([], isOther: true);

    private void RefuseOverlap()
    {
        for (int second = 1; second < shape.Patterns.Count; second++)
        {
            for (int first = 0; first < second; first++)
            {
                reader.Effort.Spend(CostOfPair);
                (TextRule one, TextRule other) = (shape.Patterns[first].Names, shape.Patterns[second].Names);
                if (Names([one, other, _plain], isOther: false) != Nothing)
                    throw new GrammarException(other.Path, $"A name can match this and the {one.Name}; use patterns of which a name matches one only, as with different beginnings.");
            }
        }
    }

    // Declared names are not written a second time: their values have rules of their own.
    private Expression Names(TextRule[] rules, bool isOther)
    {
        if (isOther && shape.Properties.Count > 0) rules = [.. rules, new TextRule("other names", path, OtherNames.TextsOtherThan(DeclaredNames()))];
        return OneOf(reader.Properties.NamesOf(shape.Names).Texts.Select(names => Name(names with { Rules = [.. names.Rules.Union(rules)] })));
    }

    private Expression Name(StringShape names) => names.ConditionCount == 0 ? JsonText.AnyName : nameOf(names);

    private IEnumerable<string> DeclaredNames()
    {
        reader.Effort.Spend(CostOfCharacter * shape.Properties.Sum(property => (long)property.Name.Length));
        return shape.Properties.Select(property => property.Name);
    }
}
