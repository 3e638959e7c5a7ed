using System.Text;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Strings of a shape as expressions, with their quotes.</summary>
internal static class StringText
{
    private static readonly CodePointSet Escaped = CodePointSet.Range(0, 0x1F).Union(CodePointSet.Characters("\"\\"));

    private static readonly Expression Anything = new CharacterClass(CodePointSet.All);

    private static readonly Expression Single = new CharacterClass(CodePointSet.Range(0x20, 0xFFFF).Union(CodePointSet.Characters("\n\r\t")));

    private static readonly Expression Pair = Range(0x10000, 0x10FFFF);

    /// <summary>The texts of a shape, and whether they had to be made of several conditions, which may contradict each other.</summary>
    public static Expression Of(StringShape shape, out bool isIntersection)
    {
        isIntersection = false;
        if (shape.ConditionCount == 0) return JsonText.AnyString;
        if (shape.MinLength > shape.MaxLength) return Nothing;
        List<Expression> conditions = [.. shape.Rules.Select(rule => rule.Text)];
        if (!IsLengthImplied(shape)) conditions.Add(OfLength(shape.MinLength, shape.MaxLength));
        isIntersection = conditions.Count > 1;
        return JsonText.Quoted(Escape(conditions.Aggregate((first, second) => new Intersection(first, second))));
    }

    // Common, as in a date of at most 10 characters, and much cheaper than counting along.
    private static bool IsLengthImplied(StringShape shape)
    {
        if (!shape.HasLength) return true;
        TextLength[] lengths = [.. shape.Rules.Select(rule => TextLength.Of(rule.Text))];
        return lengths.Any(length => length.IsAtMost(shape.MaxLength)) && lengths.Any(length => length.IsAtLeast(shape.MinLength));
    }

    /// <summary>
    /// Texts of a length that all judges agree on. The least that one counts is what readers take for characters, so as many countable ones come first, of which only the last may be
    /// a pair; the most is UTF-16 units, of which a pair is two.
    /// </summary>
    private static Expression OfLength(int minimum, int? maximum)
    {
        if (minimum == 0) return UpTo(maximum);
        Expression single = new CharacterClass(CountableCharacters.Singles), pair = new CharacterClass(CountableCharacters.Pairs);
        return Sequence(
            Repeat(single, minimum - 1, minimum - 1),
            OneOf(Sequence(single, UpTo(maximum - minimum)), Sequence(pair, UpTo(maximum - minimum - 1))));
    }

    private static Expression UpTo(int? units) => units switch
    {
        null => Many(Anything),
        < 0 => Nothing,
        0 => Expression.Empty,
        _ => new WidthLimit(Single, Pair, units.Value),
    };

    /// <summary>The texts of an expression as they stand within a JSON string. Each character has one spelling, so this keeps intersections.</summary>
    public static Expression Escape(Expression expression) => expression switch
    {
        Literal literal => Exact(string.Concat(literal.Text.EnumerateRunes().Select(JsonText.Spell))),
        CharacterClass characters => Escape(characters.Set),
        Concatenation sequence => Sequence(sequence.Items.Select(Escape)),
        Alternation choice => OneOf(choice.Items.Select(Escape)),
        Repetition repetition => repetition with { Item = Escape(repetition.Item) },
        WidthLimit limit => new WidthLimit(Escape(limit.Single), Escape(limit.Double), limit.Maximum),
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
