using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Llama.Server.Tools.Reading;

/// <summary>Turns one Python literal into JSON, character by character: strings, numbers, True, False, None, lists, tuples and dictionaries.</summary>
internal sealed class PythonValue
{
    private readonly StringBuilder _json = new(), _word = new();
    private PythonString? _string;
    private int _depth;
    private bool _hasComma;

    /// <summary>Whether a comma or bracket that comes now stands behind the value.</summary>
    public bool IsOutermost => _depth == 0 && _string is null or { MayBeOver: true };

    /// <summary>Takes the next character; returns the JSON that it makes certain.</summary>
    public string Take(char c)
    {
        if (_string is not null && TakeInString(c))
            return TakeJson();
        if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '+' or '-')
            _word.Append(c);
        else if (!char.IsWhiteSpace(c)) // which leaves open whether a word names a member
            TakeMark(c);
        return TakeJson();
    }

    /// <summary>Ends the value; returns the rest of its JSON.</summary>
    public string End()
    {
        if (_string is { MayBeOver: true })
            _json.Append('"');
        EndWord(isKey: false);
        return TakeJson();
    }

    private bool TakeInString(char c)
    {
        bool isInside = _string!.Take(c, _json);
        if (_string.HasEnded)
            _string = null;
        return isInside;
    }

    private void TakeMark(char c)
    {
        if (c is '\'' or '"')
            BeginString(c);
        else
            EndWord(isKey: c == ':');
        switch (c)
        {
            case '[' or '{' or '(':
                Begin(c == '{' ? '{' : '[');
                _depth++;
                break;
            case ']' or '}' or ')':
                _hasComma = false; // one may stand behind the last item
                _json.Append(c == '}' ? '}' : ']');
                _depth--;
                break;
            case ',':
                _hasComma = true;
                break;
            case ':':
                _json.Append(':');
                break;
        }
    }

    private void BeginString(char quote)
    {
        bool isRaw = _word.ToString().Contains('r', StringComparison.OrdinalIgnoreCase);
        _word.Clear(); // a prefix such as r or f
        Begin('"');
        _string = new PythonString(quote, isRaw);
    }

    /// <param name="isKey">Whether it names a member, which JSON has as a string.</param>
    private void EndWord(bool isKey)
    {
        if (_word.Length == 0)
            return;
        string word = _word.ToString();
        _word.Clear();
        Begin(null);
        string json = word switch
        {
            "True" or "true" => "true",
            "False" or "false" => "false",
            "None" or "null" => "null",
            _ => Number(word) ?? $"\"{word}\"", // a variable: its name is all there is
        };
        _json.Append(isKey && json[0] != '"' ? $"\"{json}\"" : json);
    }

    /// <summary>Begins an item, behind the comma that is due.</summary>
    private void Begin(char? first)
    {
        if (_hasComma)
            _json.Append(',');
        _hasComma = false;
        _json.Append(first);
    }

    private string TakeJson()
    {
        string json = _json.ToString();
        _json.Clear();
        return json;
    }

    private static string? Number(string word)
    {
        string digits = word.Replace("_", "", StringComparison.Ordinal);
        if (!double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
            return null;
        return IsJson(digits) ? digits : JsonSerializer.Serialize(number);
    }

    private static bool IsJson(string number)
    {
        string whole = number.TrimStart('-').Split('.', 'e', 'E')[0];
        bool isWhole = whole.Length > 0 && whole.All(char.IsAsciiDigit) && (whole.Length == 1 || whole[0] != '0');
        int point = number.IndexOf('.');
        return isWhole && (point < 0 || (point + 1 < number.Length && char.IsAsciiDigit(number[point + 1])));
    }
}
