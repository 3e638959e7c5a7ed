using System.Text.Json;
using Llama.Model.Guidance;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>Whatever is written under a schema parses and is valid, by a judge that shares no code with the grammar.</summary>
public sealed class SchemaLawTests
{
    private const int Texts = 8;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomTexts_OfARandomSchema_AreValid(int seed)
    {
        string schema = new SchemaMaker(seed).Make();
        NJsonSchema.JsonSchema judge = await NJsonSchema.JsonSchema.FromJsonAsync(schema);
        JsonWhitespace whitespace = seed % 2 == 0 ? JsonWhitespace.Compact : JsonWhitespace.Free;
        Expression grammar = Schemas.Compile(schema, whitespace);
        var walk = new ExpressionWalk(new Random(seed));
        for (int i = 0; i < Texts; i++)
        {
            string text = walk.Write(grammar, 20 << i);
            using (JsonDocument.Parse(text, Strict(schema))) { }
            Assert.True(judge.Validate(text).Count == 0, $"{schema}\n{text}\n{string.Join('\n', judge.Validate(text))}");
        }
    }

    // Names may come twice only among those that the schema does not give.
    private static JsonDocumentOptions Strict(string schema) =>
        new() { AllowDuplicateProperties = schema.Contains("\"additionalProperties\":{", StringComparison.Ordinal) || schema.Contains("patternProperties", StringComparison.Ordinal) || schema.Contains("{}", StringComparison.Ordinal) };
}
