using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>Log-probabilities of prompts, on the legacy route and the chat route, and the ranking of answers.</summary>
public sealed class ScoringTests
{
    private const string Reply = "tall.";

    [Fact]
    public async Task Complete_EchoWithLogprobs_CoversPromptAndAnswer()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        int[] prompt = TestApp.Tokenizer.Encode("A 🦒 is", addBos: true), reply = TestApp.Tokenizer.Encode(Reply);

        JsonNode choice = (await PostAsync(client, "/v1/completions", """{"model":"tiny","prompt":"A 🦒 is","echo":true,"logprobs":1}"""))["choices"]![0]!;
        JsonObject logprobs = choice["logprobs"]!.AsObject();

        Assert.Equal("A 🦒 is tall.", (string?)choice["text"]);
        Assert.Equal(["text_offset", "token_logprobs", "tokens", "top_logprobs"], logprobs.Select(column => column.Key).Order());
        Assert.All(logprobs, column => Assert.Equal(prompt.Length + reply.Length + 1, column.Value!.AsArray().Count)); // and the token that ended it
        Assert.Null(logprobs["token_logprobs"]![0]);
        Assert.Null(logprobs["top_logprobs"]![0]);
        Assert.All(logprobs["token_logprobs"]!.AsArray().Skip(1), logprob => Assert.True((float)logprob! <= 0));
        int[] offsets = [.. logprobs["text_offset"]!.AsArray().Select(offset => (int)offset!)];
        Assert.Equal(offsets.Order(), offsets);
        Assert.Equal(6, offsets[prompt.Length]); // code points of the prompt: the giraffe is one
        Assert.Equal(12, offsets[^1]);
    }

    [Theory]
    [InlineData(""","echo":true,"logprobs":1""", true)]
    [InlineData(""","echo":true""", false)]
    public async Task Complete_NoTokensAskedFor_OnlyScoresThePrompt(string fields, bool hasLogprobs)
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        JsonNode answer = await PostAsync(client, "/v1/completions", $$"""{"model":"tiny","prompt":["A giraffe is","B"],"max_tokens":0{{fields}}}""");

        JsonArray choices = answer["choices"]!.AsArray();
        Assert.Equal(["A giraffe is", "B"], choices.Select(choice => (string)choice!["text"]!));
        Assert.All(choices, choice => Assert.Equal("length", (string?)choice!["finish_reason"]));
        Assert.All(choices, choice => Assert.Equal(hasLogprobs, choice!["logprobs"] is not null));
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
        if (hasLogprobs)
            Assert.Equal(TestApp.Tokenizer.Encode("A giraffe is", addBos: true).Length, choices[0]!["logprobs"]!["tokens"]!.AsArray().Count);
    }

    [Fact]
    public async Task Complete_PromptThatFillsTheContext_IsScored()
    {
        await using var app = new TestApp { ContextLength = 64 };
        HttpClient client = await app.StartAsync();
        string tokens = string.Join(',', Enumerable.Repeat("5", 64));

        JsonNode answer = await PostAsync(client, "/v1/completions", $$"""{"model":"tiny","prompt":[{{tokens}}],"max_tokens":0,"echo":true,"logprobs":0}""");

        Assert.Equal(64, answer["choices"]![0]!["logprobs"]!["tokens"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(""","echo":true,"logprobs":2""")]
    [InlineData(""","echo":true,"logprobs":0,"n":2""")]
    [InlineData(""","echo":true,"logprobs":1,"max_tokens":0""")]
    public async Task Stream_EchoWithLogprobs_EqualsWhole(string fields)
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();
        string body = """{"model":"tiny","prompt":["A giraffe is","日本 🦒"]""" + fields;

        JsonNode whole = await PostAsync(client, "/v1/completions", body + "}");
        SseTranscript streamed = await SseTranscript.ReadAsync(await client.PostAsync("/v1/completions", TestApp.Json(body + ""","stream":true}""")));

        Assert.True(streamed.IsDone, streamed.Raw);
        foreach (JsonNode? choice in whole["choices"]!.AsArray())
        {
            int index = (int)choice!["index"]!;
            Assert.Equal((string?)choice["text"], streamed.Text(index));
            foreach (string column in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
            {
                IEnumerable<string?> pieces = streamed.Choices(index).SelectMany(piece => piece["logprobs"]?[column]!.AsArray() ?? []).Select(item => item?.ToJsonString());
                Assert.Equal(choice["logprobs"]![column]!.AsArray().Select(item => item?.ToJsonString()), pieces);
            }
        }
    }

    [Fact]
    public async Task PromptLogprobs_OnBothRoutes_HaveVllmsShape()
    {
        await using var app = new TestApp { Reply = Reply };
        HttpClient client = await app.StartAsync();

        JsonNode chat = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"prompt_logprobs\":2")));
        JsonNode legacy = await PostAsync(client, "/v1/completions", """{"model":"tiny","prompt":["A giraffe is","B"],"n":2,"prompt_logprobs":0,"return_token_ids":true}""");

        AssertPlaces(chat["prompt_logprobs"]!.AsArray(), (int)chat["usage"]!["prompt_tokens"]!);
        foreach (JsonNode? choice in legacy["choices"]!.AsArray())
        {
            int[] prompt = [.. choice!["prompt_token_ids"]!.AsArray().Select(id => (int)id!)];
            JsonArray places = choice["prompt_logprobs"]!.AsArray();
            AssertPlaces(places, prompt.Length);
            Assert.All(places.Zip(prompt).Skip(1), pair => Assert.True((int)pair.First![pair.Second.ToString()]!["rank"]! >= 1));
        }

        static void AssertPlaces(JsonArray places, int tokenCount)
        {
            Assert.Equal(tokenCount, places.Count);
            Assert.Null(places[0]);
            foreach (JsonNode? place in places.Skip(1))
                Assert.All(place!.AsObject(), entry => Assert.Equal(["decoded_token", "logprob", "rank"], entry.Value!.AsObject().Select(pair => pair.Key).Order()));
        }
    }

    [Fact]
    public async Task BestOf_AboveN_CountsAllAndReturnsN()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode answer = await PostAsync(client, "/v1/completions", """{"model":"tiny","prompt":["A","B"],"n":2,"best_of":5,"max_tokens":4,"seed":1}""");

        Assert.Equal([0, 1, 2, 3], answer["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        Assert.All(answer["choices"]!.AsArray(), choice => Assert.Null(choice!["logprobs"]));
        Assert.Equal(2 * 5 * 4, (int)answer["usage"]!["completion_tokens"]!);
    }

    private static async Task<JsonNode> PostAsync(HttpClient client, string route, string json)
    {
        HttpResponseMessage response = await client.PostAsync(route, TestApp.Json(json));
        JsonNode answer = await TestApp.ReadJsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.ToJsonString());
        return answer;
    }
}
