using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Auth;

/// <summary>Who may watch the engine, and who is told whose requests it runs.</summary>
public sealed class WatchTests
{
    [Theory]
    [InlineData("k", "boss", null, null)]
    [InlineData("k", "boss", "wrong", null)]
    [InlineData("k", "boss", "k", false)]
    [InlineData("k", "boss", "boss", true)]
    [InlineData("k", null, "k", false)]
    [InlineData("k", null, null, null)]
    [InlineData(null, "boss", null, false)]
    [InlineData(null, "boss", "k", false)]
    [InlineData(null, "boss", "boss", true)]
    [InlineData(null, null, null, true)]
    public async Task Events_ByKey_AreOpenAndTellNames(string? apiKey, string? adminKey, string? sent, bool? tellsNames)
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep };
        if (apiKey is not null)
            (app.Settings["Auth:ApiKeys:0:Key"], app.Settings["Auth:ApiKeys:0:Name"]) = (apiKey, "shop");
        if (adminKey is not null)
            app.Settings["Auth:AdminKey"] = adminKey;
        HttpClient client = await app.StartAsync();
        Task<HttpResponseMessage> running = client.SendAsync(With(apiKey, new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = TestApp.Chat("\"max_tokens\":400,\"ignore_eos\":true,\"stream\":true"),
            Headers = { { "x-request-id", "shown" } },
        }), HttpCompletionOption.ResponseHeadersRead);
        await Wait.Until(() => app.Engine.Snapshot.RunningCount > 0);
        HttpResponseMessage answer = await client.SendAsync(With(sent, new HttpRequestMessage(HttpMethod.Get, "/engine/events?frames=1")));

        if (tellsNames is not { } tells)
        {
            await ErrorTests.AssertErrorAsync(answer, HttpStatusCode.Unauthorized, "invalid_api_key", null);
            return;
        }
        string[] events = (await answer.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        JsonNode request = JsonNode.Parse(events[1]["data: ".Length..])!["requests"]!.AsArray().Single()!;
        Assert.Equal(tells ? "shown" : null, (string?)request["id"]);
        Assert.Equal(tells && apiKey is not null ? "shop" : null, (string?)request["key"]);
        (await running).Dispose();
    }

    /// <summary>Nobody would see the end of the stream, and a connection that waits for it takes no further request.</summary>
    [Fact]
    public async Task Events_AskedByHead_AreOnlyHeaders()
    {
        await using var app = new TestApp();
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        for (int i = 0; i < 2; i++)
        {
            HttpResponseMessage answer = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/engine/events")).WaitAsync(TimeSpan.FromMinutes(5));
            Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        }
    }

    private static HttpRequestMessage With(string? key, HttpRequestMessage request)
    {
        if (key is not null)
            request.Headers.Authorization = new("Bearer", key);
        return request;
    }
}
