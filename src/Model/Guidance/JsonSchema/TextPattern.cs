using Llama.Model.Guidance.RegularExpressions;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Reads patterns of texts: those of strings, and of names.</summary>
internal static class TextPattern
{
    /// <param name="pattern">A regular expression that is found anywhere in the text.</param>
    /// <param name="path">Its place.</param>
    /// <param name="effort">Takes note of it.</param>
    /// <exception cref="GrammarException">It is malformed, or uses what is not supported.</exception>
    public static TextRule Read(string pattern, string path, Effort effort)
    {
        try
        {
            var rule = new TextRule($"pattern '{pattern}'", path, RegexGrammar.Parse(PydanticDecimal.Plain(pattern), RegexMatch.Search)) { IsPattern = true };
            effort.Spend(rule.Text);
            return rule;
        }
        catch (GrammarException e)
        {
            throw new GrammarException(path, e.Message);
        }
    }
}
