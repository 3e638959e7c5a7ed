using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Model.Guidance;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>Whatever a caller sends as a schema becomes a grammar or a refusal in words, and never another exception.</summary>
public sealed class BrokenSchemaTests
{
    private static readonly string[] Junk =
    [
        "null", "true", "false", "0", "-1", "1.5", "1e400", "1e-400", "12345678901234567890123", "\"\"", "\"#\"", "\"#/$defs/leaf\"", "\"\\ud800\"", "[]", "{}", "[[]]", "[null]", "[{}]", "[\"a\",1]",
        "{\"a\":1}", "{\"\\udc00\":{}}", "{\"type\":\"object\"}", "[\"string\",\"null\"]",
    ];

    private static readonly string[] Keywords =
    [
        "type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties", "items", "prefixItems",
        "additionalItems", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "nullable", "not",
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void BrokenSchema_CompilesOrIsRefused(int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 25; i++)
        {
            JsonNode schema = JsonNode.Parse(new SchemaMaker(random.Next()).Make())!;
            for (int breaks = random.Next(1, 4); breaks > 0; breaks--) Break(schema, random);
            string text = schema.ToJsonString().Replace("\"!\"", Junk[random.Next(Junk.Length)], StringComparison.Ordinal);
            using var document = JsonDocument.Parse(text);
            try
            {
                JsonSchemaGrammar.Compile(document.RootElement, new JsonSchemaOptions { Strict = random.Next(4) == 0 });
            }
            catch (GrammarException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    // Puts a mark, to be replaced by junk, under a keyword of some object within.
    private static void Break(JsonNode schema, Random random)
    {
        var objects = new List<JsonObject>();
        Collect(schema, objects);
        objects[random.Next(objects.Count)][Keywords[random.Next(Keywords.Length)]] = "!";
    }

    private static void Collect(JsonNode? node, List<JsonObject> objects)
    {
        if (node is JsonObject members) objects.Add(members);
        IEnumerable<JsonNode?> children = node switch { JsonObject inner => inner.Select(member => member.Value), JsonArray items => items, _ => [] };
        foreach (JsonNode? child in children) Collect(child, objects);
    }
}
