using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Guidance;

/// <summary>What a real model answers under a schema parses and is valid, however little sense the model has, by a judge that shares no code with the server.</summary>
public sealed class SchemaEngineTests
{
    private const int Schemas = 200;

    [Theory]
    [InlineData(0, 0.3)]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.3)]
    public async Task Chat_UnderARandomSchema_AnswersWithAValidInstanceOrIsCutShort(int temperature, double share)
    {
        string[] schemas = [.. Enumerable.Range(1_000, Schemas).Select(seed => new SchemaMaker(seed).Make())];
        await using var app = new RandomApp();
        Answer[] answers = await Answers.AskAsync(await app.StartAsync(), [.. schemas.Select((schema, i) => Request(schema, temperature, seed: i))]);
        for (int i = 0; i < Schemas; i++)
        {
            if (answers[i].FinishReason == "stop") await AssertValidAsync(schemas[i], answers[i].Text);
            else Assert.Equal("length", answers[i].FinishReason);
        }
        int finished = answers.Count(answer => answer.FinishReason == "stop");
        Assert.True(finished > share * Schemas, $"Only {finished} of {Schemas} came to an end.");
    }

    private static JsonObject Request(string schema, int temperature, int seed) => new()
    {
        ["temperature"] = temperature,
        ["seed"] = seed,
        ["max_tokens"] = 200,
        ["response_format"] = new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject { ["name"] = "answer", ["schema"] = JsonNode.Parse(schema) },
        },
    };

    private static async Task AssertValidAsync(string schema, string text)
    {
        using (JsonDocument.Parse(text)) { }
        NJsonSchema.JsonSchema judge = await NJsonSchema.JsonSchema.FromJsonAsync(schema);
        Assert.True(judge.Validate(text).Count == 0, $"{schema}\n{text}\n{string.Join('\n', judge.Validate(text))}");
    }
}
