using System.Globalization;

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

    /// <summary>str.capitalize().</summary>
    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>str() of a float: always with a point or an exponent.</summary>
    public static string Of(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny(".EN∞") ? text : text + ".0";
    }
}
