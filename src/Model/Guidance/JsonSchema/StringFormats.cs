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

    // JSON Schema's own, ajv-formats' and NJsonSchema's, which these check whatever pattern stands beside them.
    private static readonly string[] NotWritten =
    [
        "idn-email", "idn-hostname", "uri-reference", "uri-template", "iri", "iri-reference", "json-pointer", "relative-json-pointer", "regex",
        "url", "iso-time", "iso-date-time", "json-pointer-uri-fragment", "time-span",
    ];

    // zod 4's patterns beside two formats. They look ahead, which cannot be compiled; all that is written of the format matches them.
    private static readonly Dictionary<string, string> Implied = new()
    {
        ["duration"] = @"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$",
        ["hostname"] = @"^(?=.{1,253}\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\.?$",
    };

    /// <summary>Whether all that is written of a format matches the pattern, which then need not be compiled.</summary>
    public static bool Imply(string? format, string pattern) => format is not null && Implied.GetValueOrDefault(format) == pattern;

    /// <param name="name">The format.</param>
    /// <param name="hasPattern">Whether a pattern stands beside it: it says all there is to one that nobody else knows, such as zod's <c>mac</c> and <c>sha256_hex</c>.</param>
    /// <param name="path">Its place.</param>
    /// <returns>Null for a format that any text has, or any that matches the pattern.</returns>
    /// <exception cref="GrammarException">The format is not supported.</exception>
    public static TextRule? Find(string name, bool hasPattern, string path)
    {
        if (WithoutEffect.Contains(name) || NumberFormats.Knows(name)) return null;
        if (Known.TryGetValue(name, out Func<Expression>? text)) return new TextRule($"format '{name}'", path, text());
        if (hasPattern && !NotWritten.Contains(name)) return null;
        throw new GrammarException(path, $"The format '{name}' is not supported; the formats are {string.Join(", ", Known.Keys)}. Leave it out, or use a pattern.");
    }
}
