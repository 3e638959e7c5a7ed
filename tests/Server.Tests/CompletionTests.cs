using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>The legacy route, whole and streamed.</summary>
public sealed class CompletionTests
{
    private const string Reply = "a tall animal — naïve, 日本 and 🦒.";

    [Fact]
    public async Task Complete_Whole_GivesTextAndCounts()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        JsonNode answer = await PostAsync(client, """{"model":"tiny","prompt":"A giraffe is","max_tokens":200}""");

        Assert.Equal("text_completion", (string?)answer["object"]);
        Assert.StartsWith("cmpl-", (string)answer["id"]!);
        Assert.Equal(" " + Reply, (string?)answer["choices"]![0]!["text"]);
        Assert.Equal("stop", (string?)answer["choices"]![0]!["finish_reason"]);
        Assert.Equal(TestApp.Tokenizer.Encode("A giraffe is", addBos: true).Length, (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal(TestApp.Tokenizer.Encode(Reply).Length + 1, (int)answer["usage"]!["completion_tokens"]!);
        Assert.Equal(0, (int)answer["usage"]!["prompt_tokens_details"]!["cached_tokens"]!);
    }

    [Fact]
    public async Task Complete_WithoutLimit_GivesSixteenTokens()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode answer = await PostAsync(client, """{"model":"tiny","prompt":"A"}""");

        Assert.Equal(16, (int)answer["usage"]!["completion_tokens"]!);
        Assert.Equal("length", (string?)answer["choices"]![0]!["finish_reason"]);
    }

    [Theory]
    [InlineData("\"guided_regex\":\"\"")]
    [InlineData("\"guided_choice\":[\"\"]")]
    public async Task Complete_NothingMayBeSaid_SaysNothing(string guidance)
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode answer = await PostAsync(client, $$"""{"model":"tiny","prompt":"A","ignore_eos":true,{{guidance}}}""");

        Assert.Equal(("", "stop", 0), ((string?)answer["choices"]![0]!["text"], (string?)answer["choices"]![0]!["finish_reason"], (int)answer["usage"]!["completion_tokens"]!));
    }

    [Fact]
    public async Task Complete_EveryShapeOfPrompt_GivesOneChoicePerPromptAndN()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        string tokens = $"[{string.Join(',', TestApp.Tokenizer.Encode("A", addBos: true))}]";

        foreach ((string prompt, int count) in new[] { ("\"A\"", 1), ("[\"A\",\"B\"]", 2), (tokens, 1), ($"[{tokens},{tokens}]", 2) })
        {
            JsonNode answer = await PostAsync(client, $$"""{"model":"tiny","prompt":{{prompt}},"n":2,"best_of":2,"seed":7,"max_tokens":4}""");
            JsonArray choices = answer["choices"]!.AsArray();
            Assert.Equal(2 * count, choices.Count);
            Assert.Equal(Enumerable.Range(0, 2 * count), choices.Select(choice => (int)choice!["index"]!));
            Assert.NotEqual((string?)choices[0]!["text"], (string?)choices[1]!["text"]);
        }
    }

    [Fact]
    public async Task Complete_TextAndItsTokens_GiveTheSame()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        string tokens = $"[{string.Join(',', TestApp.Tokenizer.Encode("A giraffe", addBos: true))}]";

        JsonNode fromText = await PostAsync(client, """{"model":"tiny","prompt":"A giraffe","seed":1}""");
        JsonNode fromTokens = await PostAsync(client, $$"""{"model":"tiny","prompt":{{tokens}},"seed":1}""");

        Assert.Equal((string?)fromText["choices"]![0]!["text"], (string?)fromTokens["choices"]![0]!["text"]);
    }

    [Fact]
    public async Task Complete_Echo_BeginsWithThePrompt()
    {
        await using var app = new TestApp { Reply = "tall." };
        HttpClient client = await app.StartAsync();

        JsonNode answer = await PostAsync(client, """{"model":"tiny","prompt":"A giraffe is","echo":true}""");
        SseTranscript streamed = await StreamAsync(client, """{"model":"tiny","prompt":"A giraffe is","echo":true,"stream":true}""");

        Assert.Equal("A giraffe is tall.", (string?)answer["choices"]![0]!["text"]);
        Assert.Equal("A giraffe is tall.", streamed.Text());
    }

    [Fact]
    public async Task Complete_Logprobs_TokensJoinToTheText()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        JsonNode answer = await PostAsync(client, """{"model":"tiny","prompt":"A","logprobs":2,"max_tokens":200}""");
        JsonNode logprobs = answer["choices"]![0]!["logprobs"]!;

        Assert.Equal(TestApp.Tokenizer.Encode(Reply).Length + 1, logprobs["tokens"]!.AsArray().Count); // and the one that ended it
        Assert.Equal("</s>", (string?)logprobs["tokens"]!.AsArray()[^1]);
        Assert.Equal(logprobs["tokens"]!.AsArray().Count, logprobs["text_offset"]!.AsArray().Count);
        Assert.All(logprobs["top_logprobs"]!.AsArray(), top => Assert.InRange(top!.AsObject().Count, 1, 3)); // two, and the token itself
        Assert.Equal(0, (int)logprobs["text_offset"]![0]!);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","logprobs":3,"return_token_ids":true""")]
    [InlineData(""","stop":["and"]""")]
    [InlineData(""","stop":["日本"],"include_stop_str_in_output":true,"logprobs":0""")]
    [InlineData(""","n":3,"temperature":1.3,"seed":5,"ignore_eos":true,"max_tokens":40""")]
    public async Task Stream_AnyFields_EqualsWhole(string fields)
    {
        await using var app = new TestApp { Reply = fields.Contains("\"n\"", StringComparison.Ordinal) ? null : Reply };
        HttpClient client = await app.StartAsync();
        string body = """{"model":"tiny","prompt":"A giraffe is","max_tokens":200""" + fields;
        body = fields.Contains("max_tokens", StringComparison.Ordinal) ? body.Replace(",\"max_tokens\":200", "", StringComparison.Ordinal) : body;

        JsonNode whole = await PostAsync(client, body + "}");
        SseTranscript streamed = await StreamAsync(client, body + ""","stream":true,"stream_options":{"include_usage":true}}""");

        foreach (JsonNode? choice in whole["choices"]!.AsArray())
        {
            int index = (int)choice!["index"]!;
            Assert.Equal((string?)choice["text"], streamed.Text(index));
            Assert.Equal((string?)choice["finish_reason"], streamed.FinishReason(index));
            Assert.Equal(Join(choice, "tokens"), string.Concat(streamed.Choices(index).Select(one => Join(one, "tokens"))));
            Assert.Equal(Join(choice, "text_offset"), string.Concat(streamed.Choices(index).Select(one => Join(one, "text_offset"))));
        }
        Assert.Equal((int)whole["usage"]!["completion_tokens"]!, (int)streamed.Chunks[^1]["usage"]!["completion_tokens"]!);
        Assert.True(streamed.IsDone);
    }

    private static string Join(JsonNode choice, string column) => choice["logprobs"] is { } logprobs ? string.Concat(logprobs[column]!.AsArray().Select(item => item + "|")) : "";

    private static async Task<JsonNode> PostAsync(HttpClient client, string json)
    {
        HttpResponseMessage response = await client.PostAsync("/v1/completions", TestApp.Json(json));
        JsonNode answer = await TestApp.ReadJsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.ToJsonString());
        return answer;
    }

    private static async Task<SseTranscript> StreamAsync(HttpClient client, string json)
    {
        HttpResponseMessage response = await client.PostAsync("/v1/completions", TestApp.Json(json));
        Assert.True(response.IsSuccessStatusCode);
        return await SseTranscript.ReadAsync(response);
    }
}
