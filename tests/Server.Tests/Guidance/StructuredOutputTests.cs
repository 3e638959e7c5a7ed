using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using OpenAI.Chat;

namespace Llama.Server.Tests.Guidance;

/// <summary>Whatever the model would say, the answer is what was asked for. The model here draws tokens at random among those allowed.</summary>
public sealed class StructuredOutputTests
{
    private const string Steps = """
        {"type":"object","additionalProperties":false,"required":["steps","answer"],"properties":{
          "steps":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"object","additionalProperties":false,"required":["done"],"properties":{"done":{"type":"boolean"}}}},
          "answer":{"enum":["yes","no"]}}}
        """;

    [Fact]
    public async Task CompleteChat_JsonSchema_GivesWhatItDescribes()
    {
        await using var app = new TestApp();
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);
        var options = new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("steps", BinaryData.FromString(Steps), jsonSchemaIsStrict: true) };

        ChatCompletion whole = await chat.CompleteChatAsync([new UserChatMessage("Go on.")], options);

        AssertSteps(whole.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, whole.FinishReason);
    }

    [Fact]
    public async Task CompleteChat_JsonSchemaStreamed_GivesTheSameAsWhole()
    {
        await using var app = new TestApp();
        ChatClient chat = (await app.ConnectAsync()).GetChatClient(TestApp.ModelName);
        var options = new ChatCompletionOptions { Seed = 7, ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("steps", BinaryData.FromString(Steps), jsonSchemaIsStrict: true) };
        var streamed = new StringBuilder();

        ChatCompletion whole = await chat.CompleteChatAsync([new UserChatMessage("Go on.")], options);
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync([new UserChatMessage("Go on.")], options))
            streamed.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));

        AssertSteps(streamed.ToString());
        Assert.Equal(whole.Content[0].Text, streamed.ToString());
    }

    [Theory]
    [InlineData("\"guided_choice\":[\"red\",\"green\"]", "\\A(red|green)\\z")]
    [InlineData("\"guided_regex\":\"[ab]{2,4}-[0-9]\"", "\\A[ab]{2,4}-[0-9]\\z")]
    [InlineData("\"guided_json\":{\"enum\":[1,null]}", "\\A(1|null)\\z")]
    [InlineData("\"guided_json\":\"{\\\"type\\\":\\\"boolean\\\"}\"", "\\A(true|false)\\z")]
    [InlineData("\"structured_outputs\":{\"regex\":\"x+y?\"}", "\\Ax+y?\\z")]
    [InlineData("\"structured_outputs\":{\"choice\":[\"é\",\"日本\"]}", "\\A(é|日本)\\z")]
    public async Task Answer_Guided_Matches(string field, string pattern)
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode chat = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(field + ",\"n\":8,\"seed\":3")));
        JsonNode legacy = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/completions", TestApp.Json("{\"model\":\"tiny\",\"prompt\":\"It is\",\"max_tokens\":400,\"n\":8," + field + "}")));

        string[] answers = [.. chat["choices"]!.AsArray().Select(choice => (string)choice!["message"]!["content"]!), .. legacy["choices"]!.AsArray().Select(choice => (string)choice!["text"]!)];
        string[] endings = [.. chat["choices"]!.AsArray().Concat(legacy["choices"]!.AsArray()).Select(choice => (string)choice!["finish_reason"]!)];
        Assert.Equal(16, answers.Length);
        Assert.All(answers.Zip(endings).Where(pair => pair.Second == "stop"), pair => Assert.Matches(pattern, pair.First));
        Assert.True(endings.Count(ending => ending == "stop") >= 12, string.Join(' ', endings));
    }

    [Fact]
    public async Task Answer_WithLogprobs_IsTheSameAsWithout()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        string fields = $"\"seed\":5,\"response_format\":{{\"type\":\"json_schema\",\"json_schema\":{{\"name\":\"s\",\"schema\":{Steps}}}}}";

        JsonNode without = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields)));
        JsonNode with = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"logprobs\":true")));

        Assert.Equal((string?)without["choices"]![0]!["message"]!["content"], (string?)with["choices"]![0]!["message"]!["content"]);
    }

    [Fact]
    public async Task MinTokens_WhereTheGrammarMayGoOn_AreWritten()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        const string fields = "\"guided_regex\":\"[ab]+\",\"n\":8,\"seed\":3,\"max_tokens\":40,\"return_token_ids\":true";

        JsonNode free = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields)));
        JsonNode held = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"min_tokens\":25")));
        JsonNode endless = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"ignore_eos\":true")));

        Assert.Contains(Counts(free), count => count < 25);
        Assert.All(Counts(held), count => Assert.InRange(count, 25, 40));
        Assert.All(Counts(endless), count => Assert.Equal(40, count));
        Assert.All(Texts(held).Concat(Texts(endless)), text => Assert.Matches("^[ab]+$", text));
    }

    [Theory]
    [InlineData("\"guided_choice\":[\"yes\"]", "yes")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":{\"const\":true}}}", "true")]
    public async Task MinTokens_WhereTheAnswerIsWhole_WriteNothingMore(string field, string answer)
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode choice = (await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(field + ",\"min_tokens\":25,\"ignore_eos\":true"))))["choices"]![0]!;

        Assert.Equal(answer, (string?)choice["message"]!["content"]);
        Assert.Equal("stop", (string?)choice["finish_reason"]);
    }

    [Fact]
    public async Task BadWords_Any_NeverAppear()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode free = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"n\":8,\"max_tokens\":60,\"seed\":1")));
        JsonNode held = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"n\":8,\"max_tokens\":60,\"seed\":1,\"bad_words\":[\"e\",\"the\"]")));

        Assert.Contains('e', string.Concat(Texts(free)));
        Assert.DoesNotContain('e', string.Concat(Texts(held)));
    }

    [Fact]
    public async Task AllowedTokenIds_Any_AreAllThatIsDrawn()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode answer = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":20,\"allowed_token_ids\":[300,301],\"return_token_ids\":true")));

        Assert.All(answer["choices"]![0]!["token_ids"]!.AsArray(), id => Assert.InRange((int)id!, 300, 301));
        Assert.Equal("length", (string?)answer["choices"]![0]!["finish_reason"]);
    }

    private static IEnumerable<int> Counts(JsonNode answer) => answer["choices"]!.AsArray().Select(choice => choice!["token_ids"]!.AsArray().Count);

    private static IEnumerable<string> Texts(JsonNode answer) => answer["choices"]!.AsArray().Select(choice => (string)choice!["message"]!["content"]!);

    private static void AssertSteps(string text)
    {
        JsonElement answer = JsonDocument.Parse(text).RootElement;
        Assert.InRange(answer.GetProperty("steps").GetArrayLength(), 1, 2);
        Assert.All(answer.GetProperty("steps").EnumerateArray(), step => Assert.True(step.GetProperty("done").ValueKind is JsonValueKind.True or JsonValueKind.False));
        Assert.Contains(answer.GetProperty("answer").GetString(), new[] { "yes", "no" });
    }
}
