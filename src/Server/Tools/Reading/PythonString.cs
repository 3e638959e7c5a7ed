using System.Globalization;
using System.Text;

namespace Llama.Server.Tools.Reading;

/// <summary>The inside of one Python string, written as the inside of a JSON string with its closing quote (docs.python.org, Lexical analysis, String literals).</summary>
internal sealed class PythonString(char quote)
{
    private readonly StringBuilder _escape = new();
    private int _escapeLength;

    public bool HasEnded { get; private set; }

    public void Take(char c, StringBuilder json)
    {
        if (_escapeLength > 0)
            TakeEscape(c, json);
        else if (c == '\\')
            _escapeLength = 1;
        else if (c == quote)
            End(json);
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
        if (_escape.Length == 1)
            _escapeLength = c switch { 'x' => 3, 'u' => 5, 'U' => 9, _ => 1 };
        if (_escape.Length < _escapeLength)
            return;
        string escape = _escape.ToString();
        _escape.Clear();
        _escapeLength = 0;
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
                json.Append("\\\\");
                foreach (char c in escape)
                    Write(c, json);
                break;
        }
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
