using System.Net;
using System.Text.Json.Nodes;
using Llama.Scheduling;
using Llama.Server.Admin;
using Llama.Server.Embeddings;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests.Auth;

/// <summary>What operators see and do.</summary>
public sealed class AdminTests
{
    private static readonly (HttpMethod Method, string Route)[] Routes =
    [
        (HttpMethod.Get, "/admin/server"), (HttpMethod.Get, "/admin/config"), (HttpMethod.Get, "/admin/requests"), (HttpMethod.Post, "/admin/requests/x/abort"),
        (HttpMethod.Post, "/admin/drain"), (HttpMethod.Post, "/admin/undrain"), (HttpMethod.Post, "/admin/keys/reload"),
    ];

    [Fact]
    public async Task Routes_WithoutAnAdminKey_AreClosedToEverybody()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "k" } };
        HttpClient client = await app.StartAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "k");
        foreach ((HttpMethod method, string route) in Routes)
            await ErrorTests.AssertErrorAsync(await client.SendAsync(new HttpRequestMessage(method, route)), HttpStatusCode.NotFound, "admin_off", null);
    }

    [Fact]
    public async Task Routes_WithAnAdminKey_TakeThatAndNoOther()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "k", ["Auth:AdminKey"] = "boss" } };
        HttpClient client = await app.StartAsync();
        foreach ((HttpMethod method, string route) in Routes)
        {
            await ErrorTests.AssertErrorAsync(await client.SendAsync(new HttpRequestMessage(method, route)), HttpStatusCode.Unauthorized, "invalid_api_key", null);
            var wrong = new HttpRequestMessage(method, route) { Headers = { { "Authorization", "Bearer k" } } };
            await ErrorTests.AssertErrorAsync(await client.SendAsync(wrong), HttpStatusCode.Unauthorized, "invalid_api_key", null);
        }
        client.DefaultRequestHeaders.Authorization = new("Bearer", "boss");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/models")).StatusCode);
        JsonNode server = await TestApp.ReadJsonAsync(await client.GetAsync("/admin/server"));
        Assert.Equal(("ok", "tiny", "fake"), ((string?)server["status"], (string?)server["model"], (string?)server["loaded"]!["model"]));
        Assert.Equal(0, (int)server["engine"]!["running"]!);
    }

    [Fact]
    public async Task Abort_OneOfTheIdEndsMeanwhile_EndsTheOthers()
    {
        await using var app = new TestApp();
        await app.StartAsync();
        var live = new LiveRequests(TimeProvider.System);
        var ended = new EmbeddingRun(app.Engine, mostAtOnce: 1);
        int abortedCount = 0;
        foreach (Action abort in new Action[] { () => abortedCount++, ended.AbortByOperator, () => abortedCount++ })
            live.Show(new DefaultHttpContext { TraceIdentifier = "same" }, "tiny", () => default!, abort);
        Assert.Null(await ended.RunAsync([new EmbeddingInput(new GenerationRequest { PromptTokenIds = [1], MaxTokens = 0, WantsEmbedding = true }, "input")], CancellationToken.None));
        await ended.DisposeAsync(); // as one that has been taken off the list since it was read

        Assert.Equal(3, live.Abort("same"));

        Assert.Equal(2, abortedCount);
    }

    [Fact]
    public async Task Config_SaysValuesAndSourcesAndNoSecret()
    {
        await using var app = new TestApp
        {
            Settings = { ["Auth:ApiKeys:0"] = "very-secret", ["Auth:AdminKey"] = "boss-secret", ["RateLimits:Redis"] = "127.0.0.1:1,password=redis-secret", ["Scheduler:MaxSequences"] = "7" },
        };
        HttpClient client = await app.StartAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "boss-secret");
        string text = await client.GetStringAsync("/admin/config");
        Dictionary<string, JsonNode> settings = JsonNode.Parse(text)!["data"]!.AsArray().ToDictionary(one => (string)one!["key"]!, one => one!);

        Assert.DoesNotContain("-secret", text);
        Assert.Equal(("7", "command line"), ((string?)settings["Scheduler:MaxSequences"]["value"], (string?)settings["Scheduler:MaxSequences"]["source"]));
        Assert.Equal(("1000", "appsettings.json"), ((string?)settings["Server:MaxStoredResponses"]["value"], (string?)settings["Server:MaxStoredResponses"]["source"]));
        Assert.Equal("default", (string?)settings["Model:Threads"]["source"]);
        Assert.Equal(["***", "***", "***"], new[] { "Auth:ApiKeys:0", "Auth:AdminKey", "RateLimits:Redis" }.Select(key => (string?)settings[key]["value"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Abort_OfARunningRequest_TellsItsCaller(bool stream)
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["Auth:AdminKey"] = "boss" } };
        HttpClient client = await app.StartAsync(), admin = app.CreateClient();
        admin.DefaultRequestHeaders.Authorization = new("Bearer", "boss");
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = TestApp.Chat($"\"max_tokens\":400,\"ignore_eos\":true,\"stream\":{(stream ? "true" : "false")}"),
            Headers = { { "x-request-id", "to-end" } },
        };
        Task<HttpResponseMessage> running = client.SendAsync(request, stream ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead);
        JsonNode? shown = null;
        await Wait.Until(async () => (int?)(shown = (await TestApp.ReadJsonAsync(await admin.GetAsync("/admin/requests")))["data"]!.AsArray().SingleOrDefault())?["completion_tokens"] > 0);
        Assert.Equal(
            ("to-end", "-", "/v1/chat/completions", "tiny", "running"),
            ((string?)shown!["id"], (string?)shown["key"], (string?)shown["route"], (string?)shown["model"], (string?)shown["state"]));

        if (stream)
            await running; // it has begun: before, the answer is the error itself
        HttpResponseMessage aborted = await admin.PostAsync("/admin/requests/to-end/abort", null);
        HttpResponseMessage answer = await running;

        Assert.True(aborted.IsSuccessStatusCode);
        if (stream)
        {
            SseTranscript events = await SseTranscript.ReadAsync(answer);
            Assert.False(events.IsDone);
            Assert.Equal("request_aborted", (string?)events.Chunks[^1]["error"]!["code"]);
        }
        else
        {
            await ErrorTests.AssertErrorAsync(answer, HttpStatusCode.Forbidden, "request_aborted", null);
        }
        await Wait.Until(async () => (await TestApp.ReadJsonAsync(await admin.GetAsync("/admin/requests")))["data"]!.AsArray().Count == 0);
        await ErrorTests.AssertErrorAsync(await admin.PostAsync("/admin/requests/to-end/abort", null), HttpStatusCode.NotFound, "request_not_found", "id");
    }

    /// <summary>An id that no request has may be anything, a line for the log included.</summary>
    [Fact]
    public async Task Abort_OfNoRequest_IsNotInTheLog()
    {
        var log = new LogLines();
        await using var app = new TestApp { Settings = { ["Auth:AdminKey"] = "boss" } };
        HttpClient client = app.WithWebHostBuilder(builder => builder.ConfigureServices(services => services.AddSingleton<ILoggerFactory>(new LoggerFactory([log])))).CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "boss");
        await ErrorTests.AssertErrorAsync(await client.PostAsync("/admin/requests/x%0Aforged/abort", null), HttpStatusCode.NotFound, "request_not_found", "id");
        await client.PostAsync("/admin/drain", null);

        Assert.Contains("drains the server", Assert.Single(log.Of("Llama.Server.Admin.AdminLog")));
    }

    [Fact]
    public async Task Abort_OfEmbeddings_TellsTheirCaller()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["Auth:AdminKey"] = "boss" } };
        HttpClient client = await app.StartAsync(), admin = app.CreateClient();
        admin.DefaultRequestHeaders.Authorization = new("Bearer", "boss");
        slow.HoldAt = app.Engine.Snapshot.StepCount + 1;
        Task<HttpResponseMessage> running = client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings")
        {
            Content = TestApp.Json("""{"model":"tiny","input":["a","b"]}"""),
            Headers = { { "x-request-id", "to-end" } },
        });
        await Wait.Until(() => slow.IsHolding);
        Assert.True((await admin.PostAsync("/admin/requests/to-end/abort", null)).IsSuccessStatusCode);

        await ErrorTests.AssertErrorAsync(await running, HttpStatusCode.Forbidden, "request_aborted", null);
        slow.Release();
    }

    [Fact]
    public async Task Drain_RefusesNewRequestsUntilItIsTakenBack()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["Auth:AdminKey"] = "boss" } };
        HttpClient client = await app.StartAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "boss");
        slow.HoldAt = app.Engine.Snapshot.StepCount + 1;
        Task<HttpResponseMessage> running = client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":2"));
        await Wait.Until(() => slow.IsHolding);

        JsonNode drained = await TestApp.ReadJsonAsync(await client.PostAsync("/admin/drain", null));
        Assert.Equal("draining", (string?)drained["status"]);
        await ErrorTests.AssertErrorAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat()), HttpStatusCode.ServiceUnavailable, "server_unavailable", null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
        slow.Release();
        Assert.True((await running).IsSuccessStatusCode);
        await client.PostAsync("/admin/undrain", null);
        Assert.True((await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":2"))).IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready")).StatusCode);
    }

    [Fact]
    public async Task Hosted_BehindTheApplicationsOwnGuard_NeedsNoKeyOfOurs()
    {
        await using var foreign = new ForeignApp(new TestModel());
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapLlamaAdmin("/guarded").RequireAuthorization("staff");
            app.MapLlamaAdmin("/unguarded");
        });
        var staff = new HttpRequestMessage(HttpMethod.Get, "/guarded/server") { Headers = { { ForeignApp.User, "staff" } } };

        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(staff)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/guarded/server")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/unguarded/server")).StatusCode);
    }

    [Fact]
    public async Task Head_OfHostedRoutes_IsAnsweredAsGet()
    {
        await using var foreign = new ForeignApp(new TestModel());
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapOpenAI("/llm");
            app.MapLlamaHealth("/llm/health");
            app.MapLlamaMetrics("/llm/metrics");
        });
        foreach (string route in new[] { "/llm/v1/models", "/llm/v1/models/tiny", "/llm/health", "/llm/health/ready", "/llm/metrics" })
        {
            HttpResponseMessage answer = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, route));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/llm/v1/chat/completions"))).StatusCode);
    }
}
