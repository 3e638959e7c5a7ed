namespace Llama.Model.Guidance;

/// <summary>An expression of a grammar: a set of texts. Immutable; texts are Unicode, which the automaton reads as UTF-8.</summary>
internal abstract record Expression
{
    /// <summary>The empty text.</summary>
    public static Expression Empty { get; } = new Literal("");
}

/// <summary>One text.</summary>
internal sealed record Literal(string Text) : Expression;

/// <summary>One character of a set.</summary>
internal sealed record CharacterClass(CodePointSet Set) : Expression;

/// <summary>One after another.</summary>
internal sealed record Concatenation(IReadOnlyList<Expression> Items) : Expression;

/// <summary>Any one of several.</summary>
internal sealed record Alternation(IReadOnlyList<Expression> Items) : Expression;

/// <summary>An expression several times over.</summary>
/// <param name="Item">What is repeated.</param>
/// <param name="Minimum">Fewest times.</param>
/// <param name="Maximum">Most times; null for any number.</param>
internal sealed record Repetition(Expression Item, int Minimum, int? Maximum) : Expression;

/// <summary>Parts of two widths, as characters are in UTF-16, so many that their widths come to a maximum at most; they may be neither empty nor hold a <see cref="Reference"/>.</summary>
/// <param name="Single">What is one wide.</param>
/// <param name="Double">What is two wide.</param>
/// <param name="Maximum">The most that all are wide together; at least 1.</param>
internal sealed record WidthLimit(Expression Single, Expression Double, int Maximum) : Expression;

/// <summary>The texts that both of two expressions describe; neither may hold a <see cref="Reference"/>.</summary>
internal sealed record Intersection(Expression First, Expression Second) : Expression;

/// <summary>What a rule says; rules may refer to each other in circles, but only after at least one character.</summary>
internal sealed record Reference(Rule Rule) : Expression;

/// <summary>A named expression, set once all it refers to exist.</summary>
internal sealed class Rule(string name)
{
    public string Name => name;

    public Expression Body { get; set; } = Expression.Empty;
}
