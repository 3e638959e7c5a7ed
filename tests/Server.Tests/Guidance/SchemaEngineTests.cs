using System.Globalization;
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

    // Whatever else a request says of tokens, the grammar has the last word.
    [Theory]
    [InlineData("""{"logprobs":true,"top_logprobs":5}""", true)]
    [InlineData("""{"top_k":1}""", false)]
    [InlineData("""{"ignore_eos":true}""", false)]
    [InlineData("""{"min_tokens":150}""", false)]
    [InlineData("""{"presence_penalty":2,"frequency_penalty":2,"repetition_penalty":1.9}""", false)]
    [InlineData("""{"logit_bias":{"#":-100}}""", false)]
    [InlineData("""{"stop_token_ids":[#]}""", false)]
    [InlineData("""{"n":3}""", false)]
    public async Task Chat_UnderASchemaAndOtherRules_StillAnswersValidly(string fields, bool areSame)
    {
        string brace = TestModel.Tokenizer.Encode("{")[^1].ToString(CultureInfo.InvariantCulture);
        string[] schemas = [.. Enumerable.Range(2_000, 12).Select(seed => new SchemaMaker(seed).Make())];
        await using var app = new RandomApp();
        HttpClient client = await app.StartAsync();
        Answer[] plain = await Answers.AskAsync(client, [.. schemas.Select((schema, i) => Request(schema, 1, seed: i))]);
        Answer[] ruled = await Answers.AskAsync(client, [.. schemas.Select((schema, i) => With(Request(schema, 1, seed: i), fields.Replace("#", brace, StringComparison.Ordinal)))]);
        if (areSame) Assert.Equal(plain, ruled);
        for (int i = 0; i < schemas.Length; i++)
        {
            bool isWhole = ruled[i].FinishReason == "stop" && !fields.Contains("stop_token_ids", StringComparison.Ordinal);
            if (isWhole) await AssertValidAsync(schemas[i], ruled[i].Text);
        }
    }

    private static JsonObject With(JsonObject request, string fields)
    {
        foreach ((string name, JsonNode? value) in JsonNode.Parse(fields)!.AsObject()) request[name] = value?.DeepClone();
        return request;
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
