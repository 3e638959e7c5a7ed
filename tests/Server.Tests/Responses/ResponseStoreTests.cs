using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Configuration;
using Llama.Server.Responses;
using Llama.Server.Tests.Hosting;
using Microsoft.Extensions.Options;
using static Llama.Server.Tests.Responses.ResponseTranscript;

namespace Llama.Server.Tests.Responses;

/// <summary>What is kept, for how long, and for whom.</summary>
public sealed class ResponseStoreTests
{
    [Fact]
    public void TryAdd_MoreThanTheNumber_OldestGoesFirst()
    {
        ResponseStore store = Create(count: 3);
        foreach (string id in new[] { "a", "b", "c", "d" })
            store.TryAdd(0, Stored(id));

        Assert.Equal([false, true, true, true], new[] { "a", "b", "c", "d" }.Select(id => store.TryGet(0, id, out _)));
    }

    [Fact]
    public void TryAdd_MoreThanTheBytes_OldestGoesUntilThereIsRoom()
    {
        ResponseStore store = Create(bytes: 1 << 20);
        foreach (string id in new[] { "a", "b", "c" })
            store.TryAdd(0, Stored(id, length: 200_000)); // 400 kB each
        store.TryAdd(0, Stored("whole", length: 500_000));

        Assert.Equal([false, false, false, true], new[] { "a", "b", "c", "whole" }.Select(id => store.TryGet(0, id, out _)));
    }

    [Fact]
    public void TryAdd_LargerThanAllBytes_KeepsTheOthers()
    {
        ResponseStore store = Create(bytes: 1 << 20);
        Assert.True(store.TryAdd(0, Stored("small")));
        Assert.False(store.TryAdd(0, Stored("large", length: 600_000)));

        Assert.False(store.TryGet(0, "large", out _));
        Assert.True(store.TryGet(0, "small", out _));
        Assert.True(store.TryAdd(0, Stored("next")));
        Assert.True(store.TryGet(0, "next", out _));
    }

    [Fact]
    public void TryGet_OtherOwner_SeesNothing()
    {
        ResponseStore store = Create();
        store.TryAdd(1, Stored("a"));

        Assert.False(store.TryGet(2, "a", out _));
        Assert.False(store.TryGetItem(2, "msg_a", out _));
        Assert.False(store.TryRemove(2, "a"));
        Assert.True(store.TryGet(1, "a", out _));
        Assert.True(store.TryGetItem(1, "msg_a", out _));
    }

    [Fact]
    public void TryRemove_ItemsThatOthersHold_Stay()
    {
        ResponseStore store = Create();
        StoredResponse first = Stored("a");
        store.TryAdd(0, first);
        store.TryAdd(0, Stored("b", input: [.. first.Conversation]));

        Assert.True(store.TryRemove(0, "a"));
        Assert.True(store.TryGetItem(0, "msg_a", out _));
        Assert.True(store.TryRemove(0, "b"));
        Assert.False(store.TryGetItem(0, "msg_a", out _));
        Assert.False(store.TryRemove(0, "b"));
    }

    [Fact]
    public void TryRemove_AnotherItemOfTheSameName_ShowsTheOneThatIsKept()
    {
        ResponseStore store = Create();
        MessageItem kept = Named("msg_mine", "kept"), forgotten = Named("msg_mine", "forgotten");
        store.TryAdd(0, Stored("a", input: [kept]));
        store.TryAdd(0, Stored("b", input: [forgotten]));

        Assert.True(store.TryGetItem(0, "msg_mine", out ResponseItem? newest));
        Assert.Same(forgotten, newest);
        Assert.True(store.TryRemove(0, "b"));
        Assert.True(store.TryGetItem(0, "msg_mine", out ResponseItem? left));
        Assert.Same(kept, left);
        Assert.True(store.TryRemove(0, "a"));
        Assert.False(store.TryGetItem(0, "msg_mine", out _));
    }

    [Fact]
    public async Task Store_UsedByManyAtOnce_KeepsItsBound()
    {
        ResponseStore store = Create(count: 50);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(owner => Task.Run(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                store.TryAdd(owner, Stored($"{i}"));
                store.TryGet(owner, $"{i - 1}", out _);
                store.TryRemove(owner, $"{i - 2}");
            }
        })));

        int kept = Enumerable.Range(0, 8).Sum(owner => Enumerable.Range(0, 500).Count(i => store.TryGet(owner, $"{i}", out _)));
        Assert.InRange(kept, 1, 50);
    }

    [Fact]
    public async Task Responses_OfAnotherKey_AreNotFound()
    {
        await using var app = new TestApp { Reply = "Yes.", Settings = { ["Auth:ApiKeys:0"] = "one", ["Auth:ApiKeys:1"] = "two" } };
        HttpClient one = await app.StartAsync(), two = app.CreateClient();
        one.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "one");
        two.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "two");
        JsonNode response = await CreateAsync(one, "\"input\":\"Hi\"");

        Assert.True((await one.GetAsync($"/v1/responses/{response["id"]}")).IsSuccessStatusCode);
        await ErrorTests.AssertErrorAsync(await two.GetAsync($"/v1/responses/{response["id"]}"), HttpStatusCode.NotFound, "response_not_found", "response_id");
        await ErrorTests.AssertErrorAsync(await two.DeleteAsync($"/v1/responses/{response["id"]}"), HttpStatusCode.NotFound, "response_not_found", "response_id");
        await ErrorTests.AssertErrorAsync(
            await PostAsync(two, $"\"input\":\"Hi\",\"previous_response_id\":\"{response["id"]}\""), HttpStatusCode.BadRequest, "previous_response_not_found", "previous_response_id");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Create_LargerThanAllBytes_SaysThatItIsNotKept(bool isStreamed)
    {
        await using var app = new TestApp { Reply = "Yes.", Settings = { ["Server:MaxStoredBytes"] = "1048576" } };
        HttpClient client = await app.StartAsync();
        string fields = $"\"input\":\"Hi\",\"text\":{{\"format\":{{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{{\"enum\":[1],\"description\":\"{new string('x', 600_000)}\"}}}}}}";
        JsonNode small = await CreateAsync(client, "\"input\":\"Hi\"");

        HttpResponseMessage answer = await PostAsync(client, fields + (isStreamed ? ",\"stream\":true" : ""));
        string body = await answer.Content.ReadAsStringAsync();
        string last = isStreamed ? body.Split('\n').Last(line => line.StartsWith("data: {", StringComparison.Ordinal))["data: ".Length..] : body;
        JsonNode response = isStreamed ? JsonNode.Parse(last)!["response"]! : JsonNode.Parse(last)!;

        Assert.Equal("completed", (string?)response["status"]);
        Assert.False((bool)response["store"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/v1/responses/{response["id"]}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/v1/responses/{small["id"]}")).StatusCode);
    }

    /// <summary>Whatever of a request is kept counts, wherever its caller puts the bytes.</summary>
    [Theory]
    [InlineData("\"input\":\"Hi\",\"user\":\"LONG\"")]
    [InlineData("\"input\":\"Hi\",\"safety_identifier\":\"LONG\"")]
    [InlineData("\"input\":\"Hi\",\"prompt_cache_key\":\"LONG\"")]
    [InlineData("\"input\":\"Hi\",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{\"enum\":[1]},\"description\":\"LONG\"}}")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":\"Hi\",\"id\":\"LONG\"}]")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"type\":\"function_call\",\"call_id\":\"LONG\",\"name\":\"f\",\"arguments\":\"\",\"status\":\"incomplete\"}]")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"Hi\"}MANY]}]")]
    public async Task Create_LargerThanAllBytesInAnyOfItsParts_IsNotKept(string fields)
    {
        await using var app = new TestApp { Reply = "1", Settings = { ["Server:MaxStoredBytes"] = "1048576" } };
        HttpClient client = await app.StartAsync();

        JsonNode response = await CreateAsync(client, fields
            .Replace("LONG", new string('x', 600_000), StringComparison.Ordinal)
            .Replace("MANY", string.Concat(Enumerable.Repeat(",{\"type\":\"input_text\",\"text\":\"\"}", 10_000)), StringComparison.Ordinal));

        Assert.False((bool)response["store"]!);
    }

    [Fact]
    public async Task Header_OfAResponseThatIsNotKept_IsNotThere()
    {
        await using var app = new TestApp { Reply = "1", Settings = { ["Server:MaxStoredBytes"] = "1048576", ["RateLimits:RequestsPerMinute"] = "2" } };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage kept = await PostAsync(client, "\"input\":\"Hi\"");
        HttpResponseMessage large = await PostAsync(client, $"\"input\":\"Hi\",\"user\":\"{new string('x', 600_000)}\"");
        HttpResponseMessage refused = await PostAsync(client, "\"input\":\"Hi\"");

        Assert.Equal((string?)(await TestApp.ReadJsonAsync(kept))["id"], Assert.Single(kept.Headers.GetValues("x-response-id")));
        Assert.False((bool)(await TestApp.ReadJsonAsync(large))["store"]!);
        Assert.False(large.Headers.Contains("x-response-id"));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.False(refused.Headers.Contains("x-response-id"));
    }

    [Fact]
    public async Task Server_KeepsNone_SaysSo()
    {
        await using var app = new TestApp { Reply = "Yes.", Settings = { ["Server:MaxStoredResponses"] = "0" } };
        HttpClient client = await app.StartAsync();
        JsonNode response = await CreateAsync(client, "\"input\":\"Hi\"");

        Assert.False((bool)response["store"]!);
        await ErrorTests.AssertErrorAsync(await PostAsync(client, "\"input\":\"Hi\",\"store\":true"), HttpStatusCode.BadRequest, "unsupported_value", "store");
    }

    private static ResponseStore Create(int count = 1000, long bytes = 64 << 20) =>
        new(Options.Create(new ServerSettings { MaxStoredResponses = count, MaxStoredBytes = bytes }));

    private static MessageItem Named(string id, string text) => new(id, "completed", "user", [new InputText(text)]);

    private static StoredResponse Stored(string id, int length = 10, IReadOnlyList<ResponseItem>? input = null) => new(
        new Response
        {
            Id = id,
            CreatedAt = 0,
            Status = "completed",
            Instructions = null,
            MaxOutputTokens = null,
            MaxToolCalls = null,
            Model = "tiny",
            Output = [new MessageItem("msg_" + id, "completed", "assistant", [new OutputText(new string('x', length))])],
            ParallelToolCalls = true,
            PreviousResponseId = null,
            PromptCacheKey = null,
            SafetyIdentifier = null,
            Store = true,
            Temperature = 1,
            Text = new TextEcho(new FormatEcho("text"), "medium"),
            ToolChoice = JsonElement.Parse("\"auto\""),
            Tools = [],
            TopLogprobs = 0,
            TopP = 1,
            Truncation = "disabled",
            User = null,
            Metadata = new Dictionary<string, string>(),
        },
        input ?? []);
}
