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
            if (Refused.TryGetValue(keyword, out string? remedy)) throw node.Fault(keyword, $"The keyword '{keyword}' is not supported; {remedy}.");
            if (!Read.Contains(keyword) && !WithoutEffect.Contains(keyword) && !keyword.StartsWith("x-", StringComparison.Ordinal))
                throw node.Fault(keyword, $"'{keyword}' is not a keyword of JSON Schema; a property belongs under 'properties', and a note of your own begins with 'x-'.");
            if (keyword == "nullable" && value.ValueKind != JsonValueKind.False)
                throw node.Fault(keyword, "'nullable' is OpenAPI's and unknown to JSON Schema; add \"null\" to the type, as in [\"string\", \"null\"].");
            if (keyword == "$id" && node.Path.Length > 0) throw node.Fault(keyword, "Only the root may have an '$id'; refer to this schema by its place, as in '#/$defs/name'.");
        }
    }
}
