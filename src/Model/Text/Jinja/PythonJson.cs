using System.Globalization;
using System.Text;

namespace Llama.Model.Text.Jinja;

/// <summary>json.dumps(value, ensure_ascii=False, …), which is what Hugging Face makes of tojson.</summary>
internal sealed class PythonJson(JsonStyle style)
{
    private readonly StringBuilder _json = new();

    public static string Write(object? value, JsonStyle style)
    {
        var json = new PythonJson(style);
        json.Write(value, 1);
        return json._json.ToString();
    }

    private void Write(object? value, int depth)
    {
        switch (value)
        {
            case null: _json.Append("null"); break;
            case bool flag: _json.Append(flag ? "true" : "false"); break;
            case long number: _json.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case WholeNumber number: _json.Append(number.Digits); break;
            case double number: _json.Append(double.IsFinite(number) ? PythonText.Of(number) : number.ToString("R", CultureInfo.InvariantCulture)); break;
            case PromptText text: WriteText(text.Text); break;
            case List<object?> items: WriteAll('[', ']', items, depth, item => Write(item, depth + 1)); break;
            case Dictionary<string, object?> map: WriteAll('{', '}', Sorted(map), depth, entry => WriteEntry(entry, depth)); break;
            default: throw new TemplateException($"the chat template writes {Values.TypeName(value)} as JSON");
        }
    }

    private ICollection<KeyValuePair<string, object?>> Sorted(Dictionary<string, object?> map) =>
        style.SortsNames ? [.. map.OrderBy(entry => entry.Key, StringComparer.Ordinal)] : map;

    private void WriteEntry(KeyValuePair<string, object?> entry, int depth)
    {
        WriteText(entry.Key);
        _json.Append(style.BehindName);
        Write(entry.Value, depth + 1);
    }

    private void WriteAll<T>(char open, char close, ICollection<T> items, int depth, Action<T> write)
    {
        _json.Append(open);
        bool isFirst = true;
        foreach (T item in items)
        {
            if (!isFirst) _json.Append(style.Between);
            isFirst = false;
            BreakLine(depth);
            write(item);
        }
        if (items.Count > 0) BreakLine(depth - 1);
        _json.Append(close);
    }

    private void BreakLine(int depth)
    {
        if (style.Indent is null) return;
        _json.Append('\n');
        for (int level = 0; level < depth; level++) _json.Append(style.Indent);
    }

    private void WriteText(string text)
    {
        _json.Append('"');
        foreach (char c in text) _json.Append(Escape(c));
        _json.Append('"');
    }

    private string Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when style.EscapesNonAscii => $"\\u{(int)c:x4}",
        _ => c.ToString(),
    };
}
