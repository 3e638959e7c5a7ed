using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The rules of OpenAI's strict mode beyond JSON Schema's own.</summary>
internal static class StrictRules
{
    private static readonly string[] SaysWhatItIs = ["type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"];

    public static void Check(SchemaNode node, bool isRoot)
    {
        bool isObject = IsObject(node);
        if (isRoot && !(isObject && !node.Has("anyOf"))) throw node.Fault("In strict mode the root of a schema must have the type 'object', and no 'anyOf'.");
        if (!isObject && !SaysWhatItIs.Any(node.Has)) throw node.Fault("In strict mode every schema needs a 'type', or an enum, const, anyOf or $ref that says what it is.");
        if (!isObject) return;
        if (!node.TryGet("additionalProperties", out JsonElement others) || others.ValueKind != JsonValueKind.False)
            throw node.Fault("additionalProperties", "In strict mode every object needs \"additionalProperties\": false.");
        if (node.TryGet("properties", out JsonElement properties)) CheckRequired(node, properties);
    }

    private static bool IsObject(SchemaNode node)
    {
        if (!node.TryGet("type", out JsonElement type)) return node.Has("properties");
        return type.ValueKind == JsonValueKind.String ? type.ValueEquals("object") : type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(IsObjectName);
    }

    private static bool IsObjectName(JsonElement name) => name.ValueKind == JsonValueKind.String && name.ValueEquals("object");

    private static void CheckRequired(SchemaNode node, JsonElement properties)
    {
        string path = SchemaPath.Append(node.Path, "required");
        HashSet<string> required = node.TryGet("required", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(name => SchemaPath.ReadText(name, path))]
            : [];
        string? missing = SchemaPath.ReadMembers(properties, SchemaPath.Append(node.Path, "properties")).Keys.FirstOrDefault(name => !required.Contains(name));
        if (missing is not null) throw new GrammarException(path, $"In strict mode every property must be required, but '{missing}' is not; give it the type [..., \"null\"] if it may be absent.");
    }
}
