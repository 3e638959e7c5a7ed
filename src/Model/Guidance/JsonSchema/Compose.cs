namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Expressions put together, leaving out what adds nothing.</summary>
internal static class Compose
{
    /// <summary>No text at all, not even the empty one.</summary>
    public static Expression Nothing { get; } = new CharacterClass(CodePointSet.Nothing);

    public static Expression Digit { get; } = Range('0', '9');

    public static Expression Exact(string text) => text.Length == 0 ? Expression.Empty : new Literal(text);

    public static Expression Range(int first, int last) => new CharacterClass(CodePointSet.Range(first, last));

    public static Expression AnyOf(string characters) => new CharacterClass(CodePointSet.Characters(characters));

    public static Expression Sequence(params IEnumerable<Expression> items)
    {
        var kept = new List<Expression>();
        foreach (Expression item in items)
        {
            if (item == Nothing) return Nothing;
            if (item is Concatenation inner) kept.AddRange(inner.Items);
            else if (item is not Literal { Text: "" }) kept.Add(item);
        }
        return kept.Count switch { 0 => Expression.Empty, 1 => kept[0], _ => new Concatenation(kept) };
    }

    public static Expression OneOf(params IEnumerable<Expression> items)
    {
        var kept = new List<Expression>();
        foreach (Expression item in items)
        {
            if (item is Alternation inner) kept.AddRange(inner.Items);
            else if (item != Nothing) kept.Add(item);
        }
        return kept.Count switch { 0 => Nothing, 1 => kept[0], _ => new Alternation(kept) };
    }

    public static Expression Optional(Expression item) => Repeat(item, 0, 1);

    public static Expression Many(Expression item) => Repeat(item, 0, null);

    public static Expression Repeat(Expression item, int minimum, int? maximum) => (minimum, maximum) switch
    {
        (_, 0) => Expression.Empty,
        (0, _) when item == Nothing => Expression.Empty,
        (1, 1) => item,
        _ => item == Nothing ? Nothing : new Repetition(item, minimum, maximum),
    };
}
