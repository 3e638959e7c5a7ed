using System.Text;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Strings of a shape as expressions, with their quotes.</summary>
internal static class StringText
{
    private static readonly CodePointSet Escaped = CodePointSet.Range(0, 0x1F).Union(CodePointSet.Characters("\"\\"));

    private static readonly Expression Anything = new CharacterClass(CodePointSet.All);

    public static Expression Of(StringShape shape)
    {
        bool hasLength = shape.MinLength > 0 || shape.MaxLength is not null;
        if (shape.Rules.Count == 0 && !hasLength) return JsonText.AnyString;
        if (shape.MinLength > shape.MaxLength) return Nothing;
        IEnumerable<Expression> rules = shape.Rules.Select(rule => rule.Text);
        if (hasLength) rules = rules.Append(OfLength(shape.MinLength, shape.MaxLength));
        return JsonText.Quoted(Escape(rules.Aggregate((first, second) => new Intersection(first, second))));
    }

    /// <summary>Texts of a length that all judges agree on. After enough countable characters others do no harm, where nothing limits them.</summary>
    private static Expression OfLength(int minimum, int? maximum)
    {
        var countable = new CharacterClass(CountableCharacters.Set);
        return maximum is null ? Sequence(Repeat(countable, minimum, minimum), Many(Anything)) : Repeat(countable, minimum, maximum);
    }

    /// <summary>The texts of an expression as they stand within a JSON string. Each character has one spelling, so this keeps intersections.</summary>
    public static Expression Escape(Expression expression) => expression switch
    {
        Literal literal => Exact(string.Concat(literal.Text.EnumerateRunes().Select(JsonText.Spell))),
        CharacterClass characters => Escape(characters.Set),
        Concatenation sequence => Sequence(sequence.Items.Select(Escape)),
        Alternation choice => OneOf(choice.Items.Select(Escape)),
        Repetition repetition => repetition with { Item = Escape(repetition.Item) },
        Intersection both => new Intersection(Escape(both.First), Escape(both.Second)),
        _ => throw new ArgumentException($"{expression.GetType().Name} cannot stand within a string.", nameof(expression)),
    };

    private static Expression Escape(CodePointSet set)
    {
        CodePointSet plain = set.Except(Escaped);
        IEnumerable<Expression> escapes = set.Intersect(Escaped).Ranges
            .SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1))
            .Select(code => Exact(JsonText.Spell(new Rune(code))));
        return OneOf(plain.IsEmpty ? Nothing : new CharacterClass(plain), OneOf(escapes));
    }
}
