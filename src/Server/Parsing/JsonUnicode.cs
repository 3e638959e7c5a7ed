using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Llama.Server.Parsing;

/// <summary>Whether all names and texts in a JSON value can be decoded. The parser does not look, and those of a schema are decoded so late that it would seem a failure of ours.</summary>
internal static class JsonUnicode
{
    public static bool IsValid(JsonElement root)
    {
        ReadOnlySpan<byte> bytes = JsonMarshal.GetRawUtf8Value(root);
        return Utf8.IsValid(bytes) && (bytes.IndexOf("\\u"u8) < 0 || EscapesAreValid(bytes));
    }

    /// <summary>Halves of a surrogate pair can be escaped one by one.</summary>
    private static bool EscapesAreValid(ReadOnlySpan<byte> bytes)
    {
        try
        {
            Utf8JsonReader reader = new(bytes);
            while (reader.Read())
                if (reader.ValueIsEscaped) _ = reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
