using System.Text.Json;
using System.Text.Unicode;

namespace Llama.Model.Checkpoints;

/// <summary>Parses JSON whose every string is text. JsonDocument by itself lets others pass, and throws when somebody asks for them, who no longer knows of which file they are.</summary>
internal static class WholeJson
{
    /// <exception cref="JsonException">It is no JSON, or holds a string that is no text.</exception>
    public static JsonDocument Parse(byte[] utf8)
    {
        if (!Utf8.IsValid(utf8)) throw new JsonException("it is not UTF-8");
        var reader = new Utf8JsonReader(utf8);
        while (reader.Read())
            if (reader.ValueIsEscaped) CheckText(ref reader);
        return JsonDocument.Parse(utf8);
    }

    private static void CheckText(ref Utf8JsonReader reader)
    {
        try
        {
            reader.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException($"the string at byte {reader.TokenStartIndex} holds half a surrogate pair", e);
        }
    }
}
