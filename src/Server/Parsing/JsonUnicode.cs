using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Llama.Server.Parsing;

/// <summary>Whether all names and texts of a document can be decoded. They are decoded where they are used; those of a schema so late that it would look like a failure of ours.</summary>
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
