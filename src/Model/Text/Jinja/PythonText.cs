using System.Globalization;
using System.Text;

namespace Llama.Model.Text.Jinja;

/// <summary>White space and spelling as Python has them, since templates are written for it.</summary>
internal static class PythonText
{
    /// <summary>str.isspace: Unicode white space and the four separators U+001C to U+001F, which .NET leaves out.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    public static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return text[start..];
    }

    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    /// <summary>str.strip().</summary>
    public static string Strip(string text) => TrimEnd(TrimStart(text)).ToString();

    /// <summary>str.title(): upper case after anything that is not a letter, lower case after a letter.</summary>
    public static string Title(string text) => string.Create(text.Length, text, (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
            span[i] = i > 0 && char.IsLetter(source[i - 1]) ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
    });

    /// <summary>Jinja's filter title: upper case where a word begins, which here is behind white space, a hyphen or an opening bracket.</summary>
    public static string TitleOfWords(string text) => string.Create(text.Length, text, (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
            span[i] = i > 0 && !IsSpace(source[i - 1]) && !"-({[<".Contains(source[i - 1]) ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
    });

    /// <summary>str.capitalize().</summary>
    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>str.islower(): letters of lower case, and none of another.</summary>
    public static bool IsLower(string text) => text.Any(char.IsLower) && !text.Any(c => char.IsUpper(c) || IsTitle(c));

    /// <summary>str.isupper(): letters of upper case, and none of another.</summary>
    public static bool IsUpper(string text) => text.Any(char.IsUpper) && !text.Any(c => char.IsLower(c) || IsTitle(c));

    private static bool IsTitle(char c) => char.GetUnicodeCategory(c) == UnicodeCategory.TitlecaseLetter;

    /// <summary>str() of a float: always with a point or an exponent, which begins at 1e16 and below 1e-4.</summary>
    public static string Of(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        if (text.AsSpan().ContainsAny(".en")) return text;
        return Math.Abs(value) < 1e16 ? text + ".0" : WithExponent(text);
    }

    /// <summary>repr() of a str.</summary>
    public static string Quoted(string text)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var quoted = new StringBuilder().Append(quote);
        foreach (Rune rune in text.EnumerateRunes()) quoted.Append(Escaped(rune, quote));
        return quoted.Append(quote).ToString();
    }

    // Seventeen digits, which .NET still writes out.
    private static string WithExponent(string digits)
    {
        int lead = digits[0] == '-' ? 2 : 1;
        string rest = digits[lead..].TrimEnd('0');
        return $"{digits[..lead]}{(rest.Length > 0 ? "." : "")}{rest}e+16";
    }

    private static string Escaped(Rune rune, char quote) => rune.Value switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\\' => "\\\\",
        var value when value == quote => $"\\{quote}",
        _ when IsPrintable(rune) => rune.ToString(),
        var value and < 0x100 => $"\\x{value:x2}",
        var value and < 0x10000 => $"\\u{value:x4}",
        var value => $"\\U{value:x8}",
    };

    // str.isprintable()
    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
