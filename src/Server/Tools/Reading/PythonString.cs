using System.Globalization;
using System.Text;

namespace Llama.Server.Tools.Reading;

/// <summary>The inside of one Python string, written as the inside of a JSON string with its closing quote (docs.python.org, Lexical analysis, String literals).</summary>
/// <param name="quote">What it begins and ends with, once or three times.</param>
/// <param name="isRaw">Whether its backslashes stand for themselves.</param>
internal sealed class PythonString(char quote, bool isRaw)
{
    private readonly StringBuilder _escape = new();
    private int _escapeLength;
    private int _opened = 1; // quotes so far, while there is nothing else
    private bool _isTriple;
    private int _closing; // quotes that are its end, or text, as what follows tells

    public bool HasEnded { get; private set; }

    /// <summary>Two quotes so far: an empty string, unless a third follows.</summary>
    public bool MayBeOver => _opened == 2;

    /// <summary>Takes the next character; false where the string has ended before it.</summary>
    public bool Take(char c, StringBuilder json)
    {
        if (_opened > 0)
            return TakeOpening(c, json);
        if (_escapeLength > 0)
            TakeEscape(c, json);
        else if (c == quote)
            TakeQuote(json);
        else
            TakeText(c, json);
        return true;
    }

    private bool TakeOpening(char c, StringBuilder json)
    {
        if (c == quote)
        {
            _isTriple = MayBeOver;
            _opened = _isTriple ? 0 : 2;
            return true;
        }
        bool isEmpty = MayBeOver;
        _opened = 0;
        if (!isEmpty)
            return Take(c, json);
        End(json);
        return false;
    }

    private void TakeQuote(StringBuilder json)
    {
        _closing++;
        if (_closing == (_isTriple ? 3 : 1))
            End(json);
    }

    private void TakeText(char c, StringBuilder json)
    {
        for (; _closing > 0; _closing--)
            Write(quote, json);
        if (c == '\\')
            _escapeLength = 1;
        else
            Write(c, json);
    }

    private void End(StringBuilder json)
    {
        HasEnded = true;
        json.Append('"');
    }

    private void TakeEscape(char c, StringBuilder json)
    {
        _escape.Append(c);
        if (_escape.Length == 1 && !isRaw)
            _escapeLength = c switch { 'x' => 3, 'u' => 5, 'U' => 9, _ => 1 };
        if (_escape.Length < _escapeLength)
            return;
        string escape = _escape.ToString();
        _escape.Clear();
        _escapeLength = 0;
        if (isRaw)
            WriteAsItStands(escape, json);
        else
            WriteEscape(escape, json);
    }

    private static void WriteEscape(string escape, StringBuilder json)
    {
        switch (escape[0])
        {
            case 'n' or 'r' or 't' or 'b' or 'f' or '\\' or '"' when escape.Length == 1:
                json.Append('\\').Append(escape);
                break;
            case '\'' or '/': // the latter is JSON's
                json.Append(escape);
                break;
            case '\n': // the line goes on
                break;
            case 'x' or 'u' or 'U' when TryParse(escape, out string text):
                foreach (char c in text)
                    WriteEscaped(c, json);
                break;
            default: // Python keeps the backslash of what it does not know, which the rare ones count as here
                WriteAsItStands(escape, json);
                break;
        }
    }

    private static void WriteAsItStands(string escape, StringBuilder json)
    {
        json.Append("\\\\");
        foreach (char c in escape)
            Write(c, json);
    }

    private static bool TryParse(string escape, out string text)
    {
        bool isNumber = int.TryParse(escape.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) && code is >= 0 and <= 0x10FFFF;
        text = !isNumber ? "" : code > char.MaxValue ? char.ConvertFromUtf32(code) : ((char)code).ToString();
        return isNumber;
    }

    private static void Write(char c, StringBuilder json)
    {
        if (c is '"' or '\\')
            json.Append('\\').Append(c);
        else if (c < ' ')
            json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        else
            json.Append(c);
    }

    /// <summary>Half a character can be given as an escape only.</summary>
    private static void WriteEscaped(char c, StringBuilder json)
    {
        if (char.IsSurrogate(c))
            json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        else
            Write(c, json);
    }
}
