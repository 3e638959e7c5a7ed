using System.Text;
using System.Text.RegularExpressions;

namespace Llama.Model.Text.HuggingFace;

/// <summary>
/// A regular expression that divides text into words before merging. Only the published ones are known: engines differ in small things, and a pattern that divides
/// otherwise than in training would go unnoticed.
/// </summary>
internal sealed partial class WordPattern
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private readonly Regex _regex;

    private WordPattern(Regex regex) => _regex = regex;

    /// <summary>What byte-level pre-tokenisation does by itself (use_regex).</summary>
    public static WordPattern Default => new(Gpt2Regex());

    public static WordPattern? Find(string pattern) => pattern switch
    {
        Gpt2 => Default,
        Llama3 => new WordPattern(Llama3Regex()),
        Qwen2 => new WordPattern(Qwen2Regex()),
        _ => null,
    };

    /// <summary>The words, which together are the whole text.</summary>
    public IEnumerable<Range> Split(string text)
    {
        (string shadow, int[]? offsets) = Shadow(text);
        foreach (Range word in Matches(shadow))
            yield return offsets is null ? word : offsets[word.Start.Value]..offsets[word.End.Value];
    }

    private List<Range> Matches(string text)
    {
        var words = new List<Range>();
        foreach (ValueMatch match in _regex.EnumerateMatches(text)) words.Add(match.Index..(match.Index + match.Length));
        return words;
    }

    // .NET matches UTF-16 units, so a letter beyond U+FFFF would not be \p{L}. Such characters are matched as one of their class within, and placed back by offset.
    private static (string Shadow, int[]? Offsets) Shadow(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return (text, null);
        var shadow = new StringBuilder(text.Length);
        var offsets = new List<int>(text.Length + 1);
        int offset = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            offsets.Add(offset);
            shadow.Append(rune.IsBmp ? (char)rune.Value : Rune.IsLetter(rune) ? 'ꙮ' : Rune.IsNumber(rune) ? '٣' : '☃');
            offset += rune.Utf16SequenceLength;
        }
        offsets.Add(offset);
        return (shadow.ToString(), [.. offsets]);
    }

    [GeneratedRegex(Gpt2, RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Regex();

    [GeneratedRegex(Llama3, RegexOptions.CultureInvariant)]
    private static partial Regex Llama3Regex();

    [GeneratedRegex(Qwen2, RegexOptions.CultureInvariant)]
    private static partial Regex Qwen2Regex();
}
