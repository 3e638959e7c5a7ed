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

    private static readonly string[] RuledSchemas = [.. Enumerable.Range(2_000, 12).Select(seed => new SchemaMaker(seed).Make())];

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
    [InlineData("""{"logprobs":true,"top_logprobs":5}""", 1, 6)]
    [InlineData("""{"top_k":1}""", 1, 6)]
    [InlineData("""{"ignore_eos":true}""", 1, 6)]
    [InlineData("""{"min_tokens":150}""", 1, 6)]
    [InlineData("""{"presence_penalty":2,"frequency_penalty":2,"repetition_penalty":1.9}""", 1, 6)]
    [InlineData("""{"logit_bias":{"#":-100}}""", 1, 6)]
    [InlineData("""{"n":3}""", 3, 18)]
    public async Task Chat_UnderASchemaAndOtherRules_StillAnswersValidly(string fields, int choiceCount, int leastWhole)
    {
        await using var app = new RandomApp();
        Answer[][] ruled = await Answers.AskForChoicesAsync(await app.StartAsync(), [.. RuledSchemas.Select((schema, i) => With(Request(schema, 1, seed: i), fields))]);
        int whole = 0;
        for (int i = 0; i < RuledSchemas.Length; i++)
        {
            Assert.Equal(choiceCount, ruled[i].Length);
            foreach (Answer answer in ruled[i].Where(answer => answer.FinishReason == "stop"))
            {
                await AssertValidAsync(RuledSchemas[i], answer.Text);
                whole++;
            }
        }
        Assert.True(whole >= leastWhole, $"Only {whole} came to an end.");
    }

    [Fact]
    public async Task Chat_UnderASchemaWithLogprobs_SaysTheSame()
    {
        await using var app = new RandomApp();
        HttpClient client = await app.StartAsync();
        Assert.Equal(await AskAsync(client, "{}"), await AskAsync(client, """{"logprobs":true,"top_logprobs":5}"""));
    }

    [Fact]
    public async Task Chat_UnderASchemaAndAStopToken_SaysTheSameUpToIt()
    {
        await using var app = new RandomApp();
        HttpClient client = await app.StartAsync();
        (Answer Whole, Answer Cut)[] answers = [.. (await AskAsync(client, "{}")).Zip(await AskAsync(client, """{"stop_token_ids":[#]}"""))];
        Assert.All(answers, answer => Assert.StartsWith(answer.Cut.Text, answer.Whole.Text, StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.Cut.Text.Length < answer.Whole.Text.Length);
    }

    /// <summary>The first choices for the schemas under further fields.</summary>
    private static Task<Answer[]> AskAsync(HttpClient client, string fields) => Answers.AskAsync(client, [.. RuledSchemas.Select((schema, i) => With(Request(schema, 1, seed: i), fields))]);

    /// <summary>The request with more fields, in which # is the token of a comma.</summary>
    private static JsonObject With(JsonObject request, string fields)
    {
        string comma = TestModel.Tokenizer.Encode(",")[^1].ToString(CultureInfo.InvariantCulture);
        foreach ((string name, JsonNode? value) in JsonNode.Parse(fields.Replace("#", comma, StringComparison.Ordinal))!.AsObject()) request[name] = value?.DeepClone();
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
