using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The keywords of JSON Schema by what becomes of them: read, without effect on what is valid, or refused with a remedy. None is passed over.</summary>
internal static class SchemaKeywords
{
    public static readonly string[] OfStrings = ["minLength", "maxLength", "pattern"];

    public static readonly string[] OfNumbers = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

    public static readonly string[] OfArrays = ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"];

    public static readonly string[] OfObjects = ["properties", "required", "patternProperties", "additionalProperties", "propertyNames", "minProperties", "maxProperties"];

    private static readonly HashSet<string> Read =
    [
        "$ref", "type", "enum", "const", "allOf", "anyOf", "oneOf", "format", "nullable", "$id", .. OfStrings, .. OfNumbers, .. OfArrays, .. OfObjects,
    ];

    // Definitions count where they are referred to.
    private static readonly HashSet<string> WithoutEffect =
    [
        "$defs", "definitions", "$schema", "id", "$anchor", "$dynamicAnchor", "$vocabulary", "$comment", "title", "description", "markdownDescription", "default", "example",
        "examples", "deprecated", "readOnly", "writeOnly", "contentMediaType", "contentEncoding", "contentSchema", "discriminator", "xml", "externalDocs", "enumNames", "enumDescriptions",
    ];

    private static readonly Dictionary<string, string> Refused = new()
    {
        ["not"] = "describe what is allowed instead",
        ["if"] = "use anyOf with one branch for each case",
        ["then"] = "use anyOf with one branch for each case",
        ["else"] = "use anyOf with one branch for each case",
        ["dependentRequired"] = "use anyOf with one branch for each case",
        ["dependentSchemas"] = "use anyOf with one branch for each case",
        ["dependencies"] = "use anyOf with one branch for each case",
        ["unevaluatedProperties"] = "use additionalProperties",
        ["unevaluatedItems"] = "use items",
        ["contains"] = "use prefixItems or items",
        ["minContains"] = "use minItems",
        ["maxContains"] = "use maxItems",
        ["$dynamicRef"] = "use $ref",
        ["$recursiveRef"] = "use $ref",
    };

    /// <summary>Refuses a schema with a keyword that would not be honoured.</summary>
    public static void Check(SchemaNode node)
    {
        foreach ((string keyword, JsonElement value) in SchemaPath.ReadMembers(node.Element, node.Path))
        {
            if (SaysNothing(node, keyword, value) || (keyword == "not" && AllowsAll(value))) continue;
            if (Refused.TryGetValue(keyword, out string? remedy)) throw node.Fault(keyword, $"The keyword '{keyword}' is not supported; {remedy}.");
            if (!Read.Contains(keyword) && !WithoutEffect.Contains(keyword) && !keyword.StartsWith("x-", StringComparison.Ordinal))
                throw node.Fault(keyword, $"'{keyword}' is not a keyword of JSON Schema; a property belongs under 'properties', and a note of your own begins with 'x-'.");
            if (keyword == "nullable" && value.ValueKind != JsonValueKind.False)
                throw node.Fault(keyword, "'nullable' is OpenAPI's and unknown to JSON Schema; add \"null\" to the type, as in [\"string\", \"null\"].");
            if (keyword == "$id" && node.Path.Length > 0 && HoldsReference(node.Element))
                throw node.Fault(keyword, "Only the root may have an '$id' where references are within: they would begin here. Leave it out, and refer to places of the root, as in '#/$defs/name'.");
        }
    }

    /// <summary>Whether nothing satisfies a schema for its <c>not</c>, of which no other use is read: zod writes <c>{"not": {}}</c> for what is never there.</summary>
    public static bool IsNever(SchemaNode node) => node.TryGet("not", out JsonElement excluded) && AllowsAll(excluded);

    // What has no effect whatever the value is (2020-12: 10.2.2 for if, then and else; validation, 6.4 and 6.5).
    private static bool SaysNothing(SchemaNode node, string keyword, JsonElement value) => keyword switch
    {
        "not" => value.ValueKind == JsonValueKind.False,
        "if" => !node.Has("then") && !node.Has("else"),
        "then" or "else" => !node.Has("if"),
        "minContains" or "maxContains" => !node.Has("contains"),
        "dependentRequired" or "dependentSchemas" or "dependencies" => value.ValueKind == JsonValueKind.Object && value.GetPropertyCount() == 0,
        _ => false,
    };

    private static bool AllowsAll(JsonElement schema) => schema.ValueKind == JsonValueKind.True || (schema.ValueKind == JsonValueKind.Object && schema.GetPropertyCount() == 0);

    private static bool HoldsReference(JsonElement schema) => schema.ValueKind switch
    {
        JsonValueKind.Object => schema.EnumerateObject().Any(member => member.Name switch
        {
            "$ref" => member.Value.ValueKind == JsonValueKind.String,
            "enum" or "const" or "default" or "example" or "examples" => false,
            "properties" or "patternProperties" or "$defs" or "definitions" when member.Value.ValueKind == JsonValueKind.Object => member.Value.EnumerateObject().Any(named => HoldsReference(named.Value)),
            _ => HoldsReference(member.Value),
        }),
        JsonValueKind.Array => schema.EnumerateArray().Any(HoldsReference),
        _ => false,
    };
}
