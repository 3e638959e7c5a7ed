using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Parsing;

namespace Llama.Server.Tests.Fuzz;

/// <summary>Random JSON texts: what a field takes, what it does not take, and what only a hostile or broken caller sends.</summary>
internal sealed class RandomJson(Random random)
{
    private static readonly string[] Strange =
    [
        "null", "true", "-0", "1e400", "-1e400", "1e-400", "123456789012345678901234567890", "-9223372036854775809", "0.1", "1E2", "2147483648",
        "\"\"", "\"\\ud83e\"", "\"\\udd92\\ud83e\"", "\"\\u0000\"", "\"\\uffff\"", "\"🦒\\r\\n\"", "{}", "[]", "[[]]", "[null]", "{\"\":0}", "{\"type\":null}", "[\"\"]", "[1e99]", "[{}]",
        "{\"type\":\"text\"}", "{\"0\":1,\"0\":2}", "{\"\\ud800\":1}",
    ];

    private static readonly string[] Words =
        ["text", "auto", "none", "required", "user", "system", "assistant", "tool", "function", "json_object", "json_schema", "float", "base64", "a giraffe", "</s>", "[INST]", "🦒"];

    /// <summary>A value of the shape that a field documents; one that is documented no further is anything.</summary>
    public string Fitting(FieldShape shape, int depth = 0) => shape switch
    {
        { Fields: { } fields } => Object(fields, depth),
        { Type: "string" } => Quoted(Word()),
        { Type: "boolean" } => random.Next(2) == 0 ? "true" : "false",
        { Type: "integer" } => Math.Round(Number(shape)).ToString("F0", CultureInfo.InvariantCulture),
        { Type: "number" } => Number(shape).ToString("R", CultureInfo.InvariantCulture),
        { Type: "array" } => "[" + string.Join(",", Enumerable.Range(0, random.Next(4)).Select(_ => Fitting(shape.Item ?? FieldShape.Any, depth + 1))) + "]",
        { Type: "object" } when random.Next(3) > 0 => Schema(depth),
        _ => Any(depth),
    };

    /// <summary>A JSON schema, mostly a sound one: objects with no fields of their own are where routes take schemas.</summary>
    public string Schema(int depth = 0) => "{" + string.Join(",", (random.Next(depth > 2 ? 4 : 8) switch
    {
        0 => ["\"type\":\"string\"", $"\"maxLength\":{random.Next(8)}", Maybe("\"pattern\":\"^[a-z]{1,3}$\"")],
        1 => ["\"type\":\"integer\"", $"\"minimum\":{random.Next(-20, 20)}", Maybe($"\"maximum\":{random.Next(-20, 200)}")],
        2 => [$"\"enum\":[{Any(3)},{Quoted(Word())},{random.Next(9)}]"],
        3 => [$"\"type\":{Quoted(Word())}", Maybe($"\"const\":{Any(3)}")],
        4 => ["\"type\":\"array\"", $"\"items\":{Schema(depth + 1)}", $"\"maxItems\":{random.Next(4)}", Maybe($"\"minItems\":{random.Next(6)}")],
        5 => [$"\"anyOf\":[{Schema(depth + 1)},{Schema(depth + 1)}]"],
        6 => [$"\"$ref\":\"#/$defs/{random.Next(2)}\"", $"\"$defs\":{{\"0\":{Schema(depth + 1)}}}"],
        _ => (string[])["\"type\":\"object\"", $"\"properties\":{{\"a\":{Schema(depth + 1)},\"b\":{Schema(depth + 1)}}}", "\"required\":[\"a\"]", "\"additionalProperties\":false"],
    }).Append(random.Next(12) == 0 ? $"{Quoted(Word())}:{Any(depth + 1)}" : "").Where(keyword => keyword.Length > 0)) + "}";

    private string Maybe(string keyword) => random.Next(2) == 0 ? keyword : "";

    /// <summary>A value of another type than the shape's.</summary>
    public static string OfWrongType(FieldShape shape) => shape.Type is "string" or "object" or "array" ? "7" : "\"x\"";

    /// <summary>Any JSON value.</summary>
    public string Any(int depth = 0) => random.Next(depth > 3 ? 3 : 6) switch
    {
        0 => Strange[random.Next(Strange.Length)],
        1 => Quoted(Word()),
        2 => random.Next(-300, 300).ToString(CultureInfo.InvariantCulture),
        3 => "[" + string.Join(",", Enumerable.Range(0, random.Next(4)).Select(_ => Any(depth + 1))) + "]",
        4 => "{" + string.Join(",", Enumerable.Range(0, random.Next(4)).Select(_ => $"{Quoted(Word())}:{Any(depth + 1)}")) + "}",
        _ => new string('[', 80) + new string(']', 80), // deeper than the parser goes
    };

    public string Word() => Words[random.Next(Words.Length)];

    public static string Quoted(string text) => JsonValue.Create(text).ToJsonString(JsonSerializerOptions.Web);

    private string Object(IReadOnlyList<IField> fields, int depth) =>
        "{" + string.Join(",", fields.Where(field => field.IsRequired || random.Next(4) == 0).Select(field => $"\"{field.Name}\":{Fitting(field.Shape, depth + 1)}")) + "}";

    private double Number(FieldShape shape)
    {
        // Small, so that most bodies ask for little.
        double low = shape.Minimum ?? -10, high = Math.Min(shape.Maximum ?? 10, Math.Max(low, 0) + 10);
        return low < -1e6 ? random.Next(-10, 10) : low + (random.NextDouble() * (high - low));
    }
}
