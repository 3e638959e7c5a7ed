using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Llama.Model.Text.HuggingFace;

/// <summary>
/// Regular expressions that divide text into words before merging, each what the one before left whole. Only the published ones are known: engines differ in small
/// things, and a pattern that divides otherwise than in training would go unnoticed.
/// </summary>
internal sealed partial class WordPattern
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Contractions = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
    private const string AllContractions = Contractions + @"'\u017F|"; // to the original engine the long s is an s without case too, to .NET it is not
    private const string Llama3Words = @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2Words = @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Llama3 = Contractions + Llama3Words, Qwen2 = Contractions + Qwen2Words;
    private const string Tekken = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string LineBreak = "[\r\n]", SpacedLetters = @"\s?\p{L}+", SpacedPunctuation = @"\s?\p{P}+", EastAsian = "[一-龥ࠀ-一가-퟿]+";
    private const string Digit = @"\p{N}", Digits = @"\p{N}+", ThreeDigits = "[0-9][0-9][0-9]", Punctuation = @"[\p{P}\$\+<=>\^~\|]+";
    private readonly Regex[] _regexes;

    private WordPattern(params Regex[] regexes) => _regexes = regexes;

    /// <summary>What byte-level pre-tokenisation does by itself (use_regex).</summary>
    public static WordPattern Default { get; } = new(Gpt2Regex());

    public static WordPattern OfLlama3 { get; } = new(Llama3Regex());

    public static WordPattern OfQwen2 { get; } = new(Qwen2Regex());

    public static WordPattern OfTekken { get; } = new(TekkenRegex());

    public static WordPattern OfSmolLm { get; } = new(DigitRegex(), Gpt2Regex());

    public static WordPattern OfDeepSeekCoder { get; } = new(LineBreakRegex(), SpacedLettersRegex(), SpacedPunctuationRegex(), EastAsianRegex(), DigitRegex());

    /// <summary>The one whose expressions these are, in their order.</summary>
    public static WordPattern? Find(IReadOnlyList<string> patterns) => patterns switch
    {
        [Gpt2] => Default,
        [Llama3] => OfLlama3,
        [Qwen2] => OfQwen2,
        [Tekken] => OfTekken,
        [Digit, Gpt2] => OfSmolLm,
        [LineBreak, SpacedLetters, SpacedPunctuation, EastAsian, Digit] => OfDeepSeekCoder,
        _ => null,
    };

    /// <summary>What a Digits pre-tokeniser divides by that sets each apart.</summary>
    public static string SingleDigits => Digit;

    /// <summary>What byte-level pre-tokenisation divides by unless it is told not to.</summary>
    public static string DefaultPattern => Gpt2;

    /// <summary>The pattern that a GGUF file names in <c>tokenizer.ggml.pre</c> (llama-vocab.cpp); null where it is none that Llamas have.</summary>
    public static WordPattern? Named(string name) => name switch
    {
        "llama-bpe" or "llama3" or "llama-v3" or "smaug-bpe" or "dbrx" or "falcon3" or "pixtral" => OfLlama3,
        "gpt-2" or "mpt" or "olmo" or "jais" or "phi-2" => Default,
        "qwen2" or "deepseek-r1-qwen" or "stablelm2" or "megrez" => OfQwen2,
        "tekken" => OfTekken,
        "smollm" or "starcoder" or "refact" or "codeshell" or "minerva-7b" => OfSmolLm,
        "deepseek-coder" => OfDeepSeekCoder,
        "default" => new WordPattern(PunctuationRegex(), Gpt2Regex(), DigitsRegex(), ThreeDigitsRegex()),
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
        List<Range> words = [new Range(0, text.Length)];
        foreach (Regex regex in _regexes) words = [.. words.SelectMany(word => Divide(regex, text, word))];
        return words;
    }

    // What lies between matches is a word too.
    private static List<Range> Divide(Regex regex, string text, Range word)
    {
        var words = new List<Range>();
        int end = word.Start.Value;
        foreach (ValueMatch match in regex.EnumerateMatches(text.AsSpan(word)))
        {
            int start = word.Start.Value + match.Index;
            if (start > end) words.Add(end..start);
            end = start + match.Length;
            words.Add(start..end);
        }
        if (end < word.End.Value) words.Add(end..word.End.Value);
        return words;
    }

    // .NET matches UTF-16 units, so a letter beyond U+FFFF would not be \p{L}. Such characters are matched as one of their class within (and outside EastAsian), and placed back by offset.
    private static (string Shadow, int[]? Offsets) Shadow(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return (text, null);
        var shadow = new StringBuilder(text.Length);
        var offsets = new List<int>(text.Length + 1);
        int offset = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            offsets.Add(offset);
            shadow.Append(rune.IsBmp ? (char)rune.Value : Like(Rune.GetUnicodeCategory(rune)));
            offset += rune.Utf16SequenceLength;
        }
        offsets.Add(offset);
        return (shadow.ToString(), [.. offsets]);
    }

    private static char Like(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => 'Ж',
        UnicodeCategory.LowercaseLetter => 'ж',
        UnicodeCategory.ModifierLetter => 'ʰ',
        UnicodeCategory.OtherLetter => 'ꙮ',
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => '\u0301',
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => '٣',
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => '¡',
        _ => '©',
    };

    [GeneratedRegex(Gpt2, RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Regex();

    [GeneratedRegex(AllContractions + Llama3Words, RegexOptions.CultureInvariant)]
    private static partial Regex Llama3Regex();

    [GeneratedRegex(Digit, RegexOptions.CultureInvariant)]
    private static partial Regex DigitRegex();

    [GeneratedRegex(Digits, RegexOptions.CultureInvariant)]
    private static partial Regex DigitsRegex();

    [GeneratedRegex(ThreeDigits, RegexOptions.CultureInvariant)]
    private static partial Regex ThreeDigitsRegex();

    [GeneratedRegex(Punctuation, RegexOptions.CultureInvariant)]
    private static partial Regex PunctuationRegex();

    [GeneratedRegex(LineBreak, RegexOptions.CultureInvariant)]
    private static partial Regex LineBreakRegex();

    [GeneratedRegex(SpacedLetters, RegexOptions.CultureInvariant)]
    private static partial Regex SpacedLettersRegex();

    [GeneratedRegex(SpacedPunctuation, RegexOptions.CultureInvariant)]
    private static partial Regex SpacedPunctuationRegex();

    [GeneratedRegex(EastAsian, RegexOptions.CultureInvariant)]
    private static partial Regex EastAsianRegex();

    [GeneratedRegex(AllContractions + Qwen2Words, RegexOptions.CultureInvariant)]
    private static partial Regex Qwen2Regex();

    [GeneratedRegex(Tekken, RegexOptions.CultureInvariant)]
    private static partial Regex TekkenRegex();
}
