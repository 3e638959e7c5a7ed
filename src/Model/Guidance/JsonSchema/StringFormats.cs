using System.Text.Json;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The formats of strings that are written: of each, texts that NJsonSchema, ajv-formats and Python's jsonschema all accept.</summary>
internal static class StringFormats
{
    private static readonly Dictionary<string, Func<Expression>> Known = new()
    {
        ["date"] = () => CalendarFormats.Date,
        ["time"] = () => CalendarFormats.Time,
        ["date-time"] = () => CalendarFormats.DateTime,
        ["duration"] = () => CalendarFormats.Duration,
        ["uuid"] = () => NetworkFormats.Uuid,
        ["guid"] = () => NetworkFormats.Uuid,
        ["email"] = () => NetworkFormats.Email,
        ["hostname"] = () => NetworkFormats.HostName,
        ["ipv4"] = () => NetworkFormats.IPv4,
        ["ipv6"] = () => NetworkFormats.IPv6,
        ["uri"] = () => NetworkFormats.Uri,
        ["byte"] = () => NetworkFormats.Base64,
        ["base64"] = () => NetworkFormats.Base64,
    };

    // For people and forms; any text will do.
    private static readonly string[] WithoutEffect = ["password", "textarea", "text", "markdown", "html", "string"];

    // zod's names for checks that it spells out as a pattern beside the format.
    private static readonly string[] OfPatterns =
    [
        "regex", "starts_with", "ends_with", "includes", "lowercase", "uppercase", "base64url", "cidrv4", "cidrv6", "cuid", "cuid2", "e164", "hex", "jwt", "ksuid", "nanoid", "ulid", "xid",
    ];

    /// <param name="format">The format.</param>
    /// <param name="hasPattern">Whether a pattern stands beside it.</param>
    /// <param name="path">Its place.</param>
    /// <returns>Null for a format that any text has, or any that matches the pattern.</returns>
    /// <exception cref="GrammarException">The format is not supported.</exception>
    public static TextRule? Find(JsonElement format, bool hasPattern, string path)
    {
        string name = SchemaPath.ReadText(format, path);
        if (WithoutEffect.Contains(name) || NumberFormats.Knows(name) || (hasPattern && OfPatterns.Contains(name))) return null;
        if (Known.TryGetValue(name, out Func<Expression>? text)) return new TextRule($"format '{name}'", path, text());
        throw new GrammarException(path, $"The format '{name}' is not supported; the formats are {string.Join(", ", Known.Keys)}. Leave it out, or use a pattern.");
    }
}
