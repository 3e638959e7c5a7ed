using System.Text.Json;

namespace Llama.Model.Text.Jinja;

/// <summary>JSON that came with a request, as a template's values. Every text in it is untrusted.</summary>
internal static class TemplateJson
{
    /// <summary>The value of an object's text; a text that is no JSON object stays a text, since a model's own calls may be broken.</summary>
    public static object? ParseObject(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? ToValue(document.RootElement) : PromptText.Untrusted(json);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // the latter for half of a surrogate pair
        {
            return PromptText.Untrusted(json);
        }
    }

    private static object? ToValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => ToMapping(json),
        JsonValueKind.Array => json.EnumerateArray().Select(ToValue).ToList(),
        JsonValueKind.String => PromptText.Untrusted(json.GetString()!),
        JsonValueKind.Number => ToNumber(json),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static object ToNumber(JsonElement json)
    {
        if (json.TryGetInt64(out long number)) return number;
        string text = json.GetRawText();
        return text.AsSpan().ContainsAny(".eE") ? json.GetDouble() : new WholeNumber(text);
    }

    private static Dictionary<string, object?> ToMapping(JsonElement json)
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty member in json.EnumerateObject()) map[member.Name] = ToValue(member.Value);
        return map;
    }
}
