namespace Llama.Model.Guidance;

/// <content>Grammars made of grammars.</content>
public sealed partial class Grammar
{
    /// <summary>Exactly this text.</summary>
    public static Grammar Text(string text) => new(new Literal(text));

    /// <summary>Any text that does not hold another one.</summary>
    /// <param name="text">What it does not hold; empty for no such text.</param>
    /// <param name="first">What it does not begin with either, white space aside; null for no such character.</param>
    public static Grammar Without(string text, char? first = null) => new(FreeText.Without(text, first));

    /// <summary>One after another.</summary>
    public static Grammar Concat(params IReadOnlyList<Grammar> parts) => new(new Concatenation([.. parts.Select(part => part.Start)]));

    /// <summary>Any one of several; at least one must be given.</summary>
    public static Grammar AnyOf(params IReadOnlyList<Grammar> choices) => new(new Alternation([.. choices.Select(choice => choice.Start)]));

    /// <summary>A grammar several times over; <paramref name="maximum"/> null for any number of times.</summary>
    public static Grammar Repeat(Grammar part, int minimum, int? maximum) => new(new Repetition(part.Start, minimum, maximum));
}
