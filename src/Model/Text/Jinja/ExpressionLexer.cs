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
        int length = LengthWhile(x => char.IsAsciiDigit(x) || x == '_');
        bool isFloat = _position + length + 1 < source.Length && source[_position + length] == '.' && char.IsAsciiDigit(source[_position + length + 1]);
        if (isFloat) length += 1 + source.AsSpan(_position + length + 1).IndexOfAnyExcept("0123456789");
        Take(isFloat ? TokenType.Float : TokenType.Integer, length);
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
        int digits = c switch { 'x' => 2, 'u' => 4, _ => 0 };
        if (digits > 0) text.Append(ReadHex(digits));
        else if (c != '\n') text.Append(Unescape(c));
    }

    private static string Unescape(char c) => c switch
    {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        '0' => "\0",
        '\\' or '\'' or '"' => c.ToString(),
        _ => $"\\{c}",
    };

    private char ReadHex(int digits)
    {
        ReadOnlySpan<char> hex = source.AsSpan(_position + 1, Math.Min(digits, source.Length - _position - 1));
        if (!ushort.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)) throw Here().Malformed("this escape lacks digits");
        _position += digits;
        return (char)code;
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

    private Place Here() => Place.Of(source, Math.Min(_position, source.Length));
}
