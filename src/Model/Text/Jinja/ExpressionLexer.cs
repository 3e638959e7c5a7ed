using System.Globalization;
using System.Text;

namespace Llama.Model.Text.Jinja;

/// <summary>Reads the words of one <c>{{ }}</c> or <c>{% %}</c>.</summary>
internal sealed class ExpressionLexer(string source, int position, string close, List<TemplateToken> tokens)
{
    private static readonly string[] Operators =
        ["**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ",", ":", "|", "(", ")", "[", "]", "{", "}"];

    private int _position = position;
    private int _depth;

    /// <summary>Reads up to the closing braces; returns the sign before them, if any.</summary>
    public char ReadToClose(out int end)
    {
        while (true)
        {
            while (_position < source.Length && PythonText.IsSpace(source[_position])) _position++;
            if (_position >= source.Length) throw Here().Malformed($"'{close}' is missing");
            if (_depth == 0 && IsClose(out char sign, out end)) return sign;
            ReadToken();
        }
    }

    private bool IsClose(out char sign, out int end)
    {
        sign = source[_position];
        int at = sign is '-' or '+' ? _position + 1 : _position;
        end = at + close.Length;
        return string.CompareOrdinal(source, at, close, 0, close.Length) == 0;
    }

    private void ReadToken()
    {
        char c = source[_position];
        if (c is '"' or '\'') ReadString(c);
        else if (char.IsAsciiDigit(c)) ReadNumber();
        else if (c == '_' || char.IsLetter(c)) Take(TokenType.Name, LengthWhile(x => x == '_' || char.IsLetterOrDigit(x)));
        else ReadOperator();
    }

    private void ReadNumber()
    {
        int length = NumberSpelling.LengthAt(source, _position, out TokenType type);
        Take(type, length);
    }

    private void ReadOperator()
    {
        string? op = Array.Find(Operators, op => string.CompareOrdinal(source, _position, op, 0, op.Length) == 0)
            ?? throw Here().Malformed($"'{source[_position]}' does not belong here");
        _depth += op switch { "(" or "[" or "{" => 1, ")" or "]" or "}" => -1, _ => 0 };
        if (_depth < 0) throw Here().Malformed($"'{op}' closes nothing");
        Take(TokenType.Operator, op.Length);
    }

    private void ReadString(char quote)
    {
        Place place = Here();
        var text = new StringBuilder();
        for (_position++; _position < source.Length && source[_position] != quote; _position++)
        {
            if (source[_position] == '\\' && _position + 1 < source.Length) ReadEscape(text);
            else text.Append(source[_position]);
        }
        if (_position >= source.Length) throw place.Malformed("this string never ends");
        _position++;
        tokens.Add(new TemplateToken(TokenType.String, text.ToString(), place));
    }

    // Leaves the position on the escape's last character. What Python does not know as an escape stays as it is.
    private void ReadEscape(StringBuilder text)
    {
        char c = source[++_position];
        text.Append(c switch
        {
            '\n' => "",
            'x' => ReadHex(2),
            'u' => ReadHex(4),
            'U' => ReadHex(8),
            'N' => throw Here().Unsupported("a character by its name ('\\N')"),
            >= '0' and <= '7' => ReadOctal(),
            _ => Unescape(c),
        });
    }

    private static string Unescape(char c) => c switch
    {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        'a' => "\a",
        'b' => "\b",
        'f' => "\f",
        'v' => "\v",
        '\\' or '\'' or '"' => c.ToString(),
        _ => $"\\{c}",
    };

    private string ReadHex(int digits)
    {
        ReadOnlySpan<char> hex = source.AsSpan(_position + 1, Math.Min(digits, source.Length - _position - 1));
        if (hex.Length < digits || !uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || code > 0x10FFFF) throw Here().Malformed("this escape lacks digits, or is no character");
        _position += digits;
        return code > char.MaxValue ? char.ConvertFromUtf32((int)code) : ((char)code).ToString();
    }

    // Up to three digits.
    private string ReadOctal()
    {
        int code = source[_position] - '0';
        for (int i = 1; i < 3 && _position + 1 < source.Length && source[_position + 1] is >= '0' and <= '7'; i++) code = (8 * code) + source[++_position] - '0';
        return ((char)code).ToString();
    }

    private int LengthWhile(Func<char, bool> belongs)
    {
        int end = _position;
        while (end < source.Length && belongs(source[end])) end++;
        return end - _position;
    }

    private void Take(TokenType type, int length)
    {
        tokens.Add(new TemplateToken(type, source.Substring(_position, length), Here()));
        _position += length;
    }

    private Place Here() => new Place(source, Math.Min(_position, source.Length));
}
