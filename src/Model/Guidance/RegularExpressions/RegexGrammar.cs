using System.Globalization;

namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>
/// Regular expressions as grammars. What is written under one matches it in each of .NET, ECMAScript (with the flag u) and Python that takes the pattern: shorthand classes keep to the members
/// that all have in common, and <c>.</c> and negated classes to visible characters, tabs and line ends of the basic plane.
/// </summary>
internal static class RegexGrammar
{
    // Around a searched match anything may stand that belongs in a text.
    private static readonly Expression Anything = new Repetition(
        new CharacterClass(UnicodeSets.Of(UnicodeCategory.Control).Except(CodePointSet.Characters("\t\n\r")).Complement()), 0, null);

    /// <summary>The texts that a regular expression matches.</summary>
    /// <exception cref="GrammarException">The pattern is malformed, uses what is not supported, or is too large; the message has the position.</exception>
    public static Expression Parse(string pattern, RegexMatch match) => RegexParser.Parse(pattern, match == RegexMatch.Whole ? Expression.Empty : Anything);
}
