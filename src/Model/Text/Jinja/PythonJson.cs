using System.Globalization;
using System.Text;

namespace Llama.Model.Text.Jinja;

/// <summary>json.dumps(value, ensure_ascii=False, indent=…), which is what Hugging Face makes of tojson.</summary>
internal static class PythonJson
{
    public static string Write(object? value, long? indent)
    {
        var json = new StringBuilder();
        Write(json, value, indent, 1);
        return json.ToString();
    }

    private static void Write(StringBuilder json, object? value, long? indent, int depth)
    {
        switch (value)
        {
            case null: json.Append("null"); break;
            case bool flag: json.Append(flag ? "true" : "false"); break;
            case long number: json.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: json.Append(PythonText.Of(number)); break;
            case PromptText text: WriteText(json, text.Text); break;
            case List<object?> items: WriteAll(json, '[', ']', items, indent, depth, item => Write(json, item, indent, depth + 1)); break;
            case Dictionary<string, object?> map: WriteAll(json, '{', '}', map, indent, depth, entry => WriteEntry(json, entry, indent, depth)); break;
            default: throw new TemplateException($"the chat template writes {Values.TypeName(value)} as JSON");
        }
    }

    private static void WriteEntry(StringBuilder json, KeyValuePair<string, object?> entry, long? indent, int depth)
    {
        WriteText(json, entry.Key);
        json.Append(": ");
        Write(json, entry.Value, indent, depth + 1);
    }

    private static void WriteAll<T>(StringBuilder json, char open, char close, ICollection<T> items, long? indent, int depth, Action<T> write)
    {
        json.Append(open);
        bool isFirst = true;
        foreach (T item in items)
        {
            if (!isFirst) json.Append(indent is null ? ", " : ",");
            isFirst = false;
            BreakLine(json, indent, depth);
            write(item);
        }
        if (items.Count > 0) BreakLine(json, indent, depth - 1);
        json.Append(close);
    }

    private static void BreakLine(StringBuilder json, long? indent, int depth)
    {
        if (indent is { } width) json.Append('\n').Append(' ', (int)width * depth);
    }

    private static void WriteText(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char c in text) json.Append(Escape(c));
        json.Append('"');
    }

    private static string Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)c:x4}",
        _ => c.ToString(),
    };
}
