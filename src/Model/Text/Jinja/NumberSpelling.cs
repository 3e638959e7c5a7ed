using System.Text.RegularExpressions;

namespace Llama.Model.Text.Jinja;

/// <summary>Numbers as templates spell them (jinja2/lexer.py, float_re and integer_re).</summary>
internal static partial class NumberSpelling
{
    private const string Digits = "[0-9]+(?:_[0-9]+)*";

    /// <summary>The characters of the number that begins at a digit; behind a point there are no fractions, so that <c>x.0.1</c> is a member's member.</summary>
    public static int LengthAt(string source, int position, out TokenType type)
    {
        Match match = Number.Match(source, position);
        type = match.Groups["float"].Success ? TokenType.Float : TokenType.Integer;
        return match.Length;
    }

    /// <summary>The value of an integer; null beyond 64 bits.</summary>
    public static long? ValueOf(string integer)
    {
        string text = integer.Replace("_", "").ToLowerInvariant();
        int radix = text switch { ['0', 'x', ..] => 16, ['0', 'o', ..] => 8, ['0', 'b', ..] => 2, _ => 10 };
        Int128 value = 0;
        foreach (char digit in radix == 10 ? text : text[2..])
        {
            value = (value * radix) + Convert.ToInt32(digit.ToString(), 16);
            if (value > long.MaxValue) return null;
        }
        return (long)value;
    }

    [GeneratedRegex($@"\G(?:(?<float>(?<!\.){Digits}(?:(?:\.{Digits})?e[+-]?{Digits}|\.{Digits}))|0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[0-9a-f])+|[1-9](?:_?[0-9])*|0(?:_?0)*)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Number { get; }
}
