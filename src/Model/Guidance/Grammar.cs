using System.Buffers;
using System.Text;
using Llama.Model.Guidance.RegularExpressions;

namespace Llama.Model.Guidance;

/// <summary>A set of texts that an output must be one of. Immutable and safe to share between threads.</summary>
public sealed partial class Grammar
{
    internal Grammar(Expression start) => Start = start;

    internal Expression Start { get; }

    /// <summary>The texts that a regular expression matches from their beginning to their end, in each of .NET, ECMAScript and Python that takes it.</summary>
    /// <param name="pattern">What these engines have in common, and what only some know, such as <c>\p{L}</c>: no lookaround, back-references, word boundaries, options or possessive repetition.</param>
    /// <exception cref="GrammarException">The pattern is malformed or uses what is not supported; the message names it and its position.</exception>
    public static Grammar Regex(string pattern) => new(RegexGrammar.Parse(pattern, RegexMatch.Whole));

    /// <summary>Exactly these texts.</summary>
    /// <param name="texts">At least one; lone surrogates are refused since no output can hold them.</param>
    /// <exception cref="GrammarException">There is no text, or one is not valid Unicode.</exception>
    public static Grammar Choice(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) throw new GrammarException("", "There is nothing to choose from; give at least one text.");
        if (texts.FirstOrDefault(text => !IsUnicode(text)) is { } broken) throw new GrammarException("", $"'{broken}' holds half a surrogate pair, which no output can.");
        return new Grammar(new Alternation([.. texts.Select(text => new Literal(text))]));
    }

    private static bool IsUnicode(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (Rune.DecodeFromUtf16(rest, out _, out int consumed) == OperationStatus.Done) rest = rest[consumed..];
        return rest.IsEmpty;
    }
}
