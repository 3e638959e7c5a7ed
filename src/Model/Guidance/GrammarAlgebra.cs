namespace Llama.Model.Guidance;

/// <content>Grammars made of grammars.</content>
public sealed partial class Grammar
{
    /// <summary>Exactly this text.</summary>
    public static Grammar Text(string text) => new(new Literal(text));

    /// <summary>One after another.</summary>
    public static Grammar Concat(params IReadOnlyList<Grammar> parts) => new(new Concatenation([.. parts.Select(part => part.Start)]));

    /// <summary>Any one of several; at least one must be given.</summary>
    public static Grammar AnyOf(params IReadOnlyList<Grammar> choices) => new(new Alternation([.. choices.Select(choice => choice.Start)]));

    /// <summary>A grammar several times over; <paramref name="maximum"/> null for any number of times.</summary>
    public static Grammar Repeat(Grammar part, int minimum, int? maximum) => new(new Repetition(part.Start, minimum, maximum));
}
