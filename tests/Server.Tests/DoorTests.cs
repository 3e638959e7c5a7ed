using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Text.Json.Nodes;
using Llama.Model.Checkpoints;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using OpenTelemetry.Metrics;

namespace Llama.Server.Tests;

/// <summary>Another application hosts the engine: both worlds keep their ways.</summary>
public sealed class DoorTests
{
    private const string Reply = "A giraffe is a tall animal.";

    [Fact]
    public async Task Host_ItsOwnRoutes_StayAsTheyAre()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        HttpClient client = await foreign.StartReadyAsync();

        HttpResponseMessage mine = await client.GetAsync("/mine"), broken = await client.GetAsync("/mine/broken"), unknown = await client.GetAsync("/nothing");
        HttpResponseMessage wrongMethod = await client.DeleteAsync("/mine"), root = await client.GetAsync("/"), health = await client.GetAsync("/health");

        Assert.Equal("""{"FIRST-NAME":"Ada"}""", await mine.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.InternalServerError, ForeignApp.ErrorPage), (broken.StatusCode, await broken.Content.ReadAsStringAsync()));
        Assert.All([unknown, root, health], response => Assert.Equal(HttpStatusCode.NotFound, response.StatusCode));
        Assert.Equal("404, says the application.", await unknown.Content.ReadAsStringAsync());
        Assert.Equal("405, says the application.", await wrongMethod.Content.ReadAsStringAsync());
        Assert.All([mine, broken, unknown, wrongMethod], response => Assert.False(response.Headers.Contains("x-request-id")));
        Assert.Null(foreign.App.Services.GetService<MeterProvider>());
    }

    [Fact]
    public async Task Host_ThatDescribesItself_DescribesOurRoutesToo()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        foreign.Builder.Services.AddOpenApi(); // as every application that `dotnet new webapi` makes
        HttpClient client = await foreign.StartAsync(app =>
        {
            app.MapOpenAI("/llm");
            app.MapOpenApi();
        });

        JsonNode paths = (await TestApp.ReadJsonAsync(await client.GetAsync("/openapi/v1.json")))["paths"]!;

        Assert.NotNull(paths["/mine"]!["get"]);
        Assert.NotNull(paths["/llm/v1/chat/completions"]!["post"]);
    }

    [Theory]
    [InlineData("chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]")]
    [InlineData("completions", "\"prompt\":\"x\"")]
    [InlineData("responses", "\"input\":\"x\"")]
    [InlineData("embeddings", "\"input\":\"x\"")]
    public async Task Timeout_OfTheHost_IsAnsweredByItsPolicy(string route, string asked)
    {
        using var slow = new SlowModel();
        await using var foreign = new ForeignApp(new TestModel { OnStep = slow.OnStep });
        var log = new LogLines();
        foreign.Builder.Logging.AddProvider(log);
        foreign.Builder.Services.AddRequestTimeouts();
        CancellationToken time = default;
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.UseRequestTimeouts();
            app.Use((context, next) =>
            {
                time = context.RequestAborted;
                return next(context);
            });
            app.MapOpenAI("/llm").WithRequestTimeout(new RequestTimeoutPolicy { Timeout = TimeSpan.FromMilliseconds(1), TimeoutStatusCode = 418 });
        });
        slow.HoldAt = foreign.Engine.Snapshot.StepCount + 1;
        Task<HttpResponseMessage> answer = client.PostAsync($"/llm/v1/{route}", TestApp.Json($"{{\"model\":\"tiny\",{asked}}}"));
        await Wait.Until(() => (slow.IsHolding && time.IsCancellationRequested) || answer.IsCompleted); // the time may be up before there is a step
        slow.HoldAt = long.MaxValue;
        slow.Release();

        Assert.Equal(418, (int)(await answer).StatusCode);
        await Wait.Until(() => log.Of("Llama.Server.Telemetry.RequestLog").Length == 1);
        Assert.StartsWith($"POST /llm/v1/{route} 504", log.Of("Llama.Server.Telemetry.RequestLog").Single());
    }

    [Fact]
    public async Task Timeout_OfTheHostWithinAStream_EndsItInAnError()
    {
        using var slow = new SlowModel { IsSlow = true };
        using var time = new CancellationTokenSource();
        await using var foreign = new ForeignApp(new TestModel { OnStep = slow.OnStep });
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.Features.Set<IHttpRequestTimeoutFeature>(new Timeout(time.Token)); // as the middleware of the framework, but for the clock
                context.RequestAborted = time.Token;
                return next(context);
            });
            app.MapOpenAI("/llm");
        });
        var request = new HttpRequestMessage(HttpMethod.Post, "/llm/v1/chat/completions") { Content = TestApp.Chat("\"stream\":true,\"ignore_eos\":true") };
        using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await time.CancelAsync();
        slow.IsSlow = false;

        string[] events = (await answer.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("\"code\":\"timeout\"", events[^1]);
    }

    [Fact]
    public async Task Prefix_Errors_AreOursInJson()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        HttpClient client = await foreign.StartReadyAsync();
        var broken = new HttpRequestMessage(HttpMethod.Post, "/llm/v1/chat/completions") { Content = TestApp.Chat(), Headers = { { "X-Broken", "yes" } } };

        HttpResponseMessage wrongMethod = await client.GetAsync("/llm/v1/chat/completions");

        await ErrorTests.AssertErrorAsync(wrongMethod, HttpStatusCode.MethodNotAllowed, "method_not_allowed", null);
        Assert.Equal("POST", wrongMethod.Content.Headers.Allow.Single());
        await ErrorTests.AssertErrorAsync(await client.GetAsync("/llm/v2/nothing"), HttpStatusCode.NotFound, "unknown_url", null);
        await ErrorTests.AssertErrorAsync(await client.GetAsync("/llm"), HttpStatusCode.NotFound, "unknown_url", null);
        await ErrorTests.AssertErrorAsync(await client.PostAsync("/llm/v1/completions", TestApp.Json("{")), HttpStatusCode.BadRequest, "invalid_json", null);
        await ErrorTests.AssertErrorAsync(await client.SendAsync(broken), HttpStatusCode.InternalServerError, "internal_error", null);
    }

    [Fact]
    public async Task Log_OfAWrongMethod_NamesTheRoute()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        var log = new LogLines();
        foreign.Builder.Logging.AddProvider(log);
        HttpClient client = await foreign.StartReadyAsync();

        await client.PutAsync("/llm/v1/responses/input_tokens", TestApp.Json("{}"));
        await client.PostAsync("/llm/v1/models", new ByteArrayContent(new byte[(4 << 20) + 1]));
        await client.GetAsync("/llm/v2/nothing");
        await Wait.Until(() => log.Of("Llama.Server.Telemetry.RequestLog").Length == 3);

        Assert.Equal(
            ["GET unknown 404", "POST /llm/v1/models 413", "PUT /llm/v1/responses/input_tokens 405"],
            log.Of("Llama.Server.Telemetry.RequestLog").Select(line => string.Join(' ', line.Split(' ').Take(3))).Order());
    }

    [Fact]
    public async Task Root_AsPrefix_TakesOurUrlsAndNoOthers()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        HttpClient client = await foreign.StartReadyAsync(app => app.MapOpenAI());

        Assert.True((await client.PostAsync("/v1/chat/completions", TestApp.Chat())).IsSuccessStatusCode);
        await ErrorTests.AssertErrorAsync(await client.GetAsync("/v1/nothing"), HttpStatusCode.NotFound, "unknown_url", null);
        await ErrorTests.AssertErrorAsync(await client.GetAsync("/tokenize"), HttpStatusCode.MethodNotAllowed, "method_not_allowed", null);
        Assert.Equal("404, says the application.", await (await client.GetAsync("/nothing")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task OpenAIClient_AtThePrefix_IsAnswered()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        HttpClient client = await foreign.StartReadyAsync();
        var options = new OpenAIClientOptions { Endpoint = new Uri("http://localhost/llm/v1"), Transport = new HttpClientPipelineTransport(client) };
        ChatClient chat = new OpenAIClient(new ApiKeyCredential("any"), options).GetChatClient(TestModel.Name);

        ChatCompletion whole = await chat.CompleteChatAsync([new UserChatMessage("What is a giraffe?")]);
        List<string> pieces = [];
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync([new UserChatMessage("What is a giraffe?")]))
            pieces.AddRange(update.ContentUpdate.Select(part => part.Text));

        Assert.Equal(Reply, whole.Content[0].Text);
        Assert.Equal(Reply, string.Concat(pieces));
    }

    [Fact]
    public async Task Conventions_OfTheHost_GuardOurRoutes()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapOpenAI("/llm").RequireAuthorization("staff");
            app.MapLlamaHealth("/llm-health").RequireAuthorization("staff");
        });
        HttpRequestMessage By(string user, string path = "/llm/v1/models") => new(HttpMethod.Get, path) { Headers = { { ForeignApp.User, user } } };

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/llm/v1/models")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/llm-health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(By("guest"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(By("staff"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(By("staff", "/llm-health/ready"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/mine")).StatusCode);
    }

    [Fact]
    public async Task ApiKeys_OfOurs_GuardOurRoutesOnly()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply }, llama => llama.Settings["Auth:ApiKeys:0"] = "right");
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapOpenAI("/llm");
            app.MapLlamaHealth("/llm/health");
        });

        await ErrorTests.AssertErrorAsync(await client.GetAsync("/llm/v1/models"), HttpStatusCode.Unauthorized, "invalid_api_key", null);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/llm/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/mine")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "right");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/llm/v1/models")).StatusCode);
    }

    [Fact]
    public async Task TwoPrefixes_OneEngine_AnswerAlike()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapOpenAI("/internal");
            app.MapOpenAI("/public/llm");
            app.MapLlamaMetrics("/internal/metrics");
        });

        foreach (string prefix in (string[])["/internal", "/public/llm"])
        {
            JsonNode answer = await TestApp.ReadJsonAsync(await client.PostAsync(prefix + "/v1/chat/completions", TestApp.Chat()));
            Assert.Equal(Reply, (string?)answer["choices"]![0]!["message"]!["content"]);
        }
        string scrape = await client.GetStringAsync("/internal/metrics");

        Assert.Matches("(?m)^vllm:request_success_total{.*model_name=\"tiny\".*} [1-9]", scrape);
    }

    [Fact]
    public async Task Model_ThatCannotBeLoaded_LeavesTheHostRunning()
    {
        await using var foreign = new ForeignApp(new TestModel { OnLoad = () => throw new InvalidDataException("the weights are torn\nat some place") });
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapOpenAI("/llm");
            app.MapLlamaHealth();
        });

        JsonNode error = await ErrorTests.AssertErrorAsync(
            await client.PostAsync("/llm/v1/chat/completions", TestApp.Chat()), HttpStatusCode.ServiceUnavailable, "server_unavailable", null);
        LlamaException thrown = await Assert.ThrowsAsync<LlamaException>(() => foreign.Chat.GetResponseAsync([new(Microsoft.Extensions.AI.ChatRole.User, "Hi")]));
        JsonNode health = await TestApp.ReadJsonAsync(await client.GetAsync("/health/ready"));

        Assert.Equal("The model cannot be served: the weights are torn", (string?)error["message"]);
        Assert.Equal(("The model cannot be served: the weights are torn", 503, "server_unavailable"), (thrown.Message, thrown.Status, thrown.Code));
        Assert.Equal("failed", (string?)health["status"]);
        Assert.True((await client.GetAsync("/mine")).IsSuccessStatusCode);
        Assert.False(foreign.App.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Checkpoint_WithFaults_IsRefusedWithAllOfThem()
    {
        await using var foreign = new ForeignApp(new TestModel { OnLoad = () => throw new CheckpointException("a.gguf", ["one is missing", "two is missing"]) });
        HttpClient client = await foreign.StartReadyAsync(app => app.MapOpenAI("/llm"));

        JsonNode error = await ErrorTests.AssertErrorAsync(
            await client.PostAsync("/llm/v1/chat/completions", TestApp.Chat()), HttpStatusCode.ServiceUnavailable, "server_unavailable", null);

        Assert.Equal("The model cannot be served: a.gguf has 2 faults:\n  - one is missing\n  - two is missing", (string?)error["message"]);
    }

    [Fact]
    public async Task Model_ThatCannotBeLoaded_StopsTheHostThatAsksForIt()
    {
        await using var foreign = new ForeignApp(new TestModel { OnLoad = () => throw new InvalidDataException("torn") }, llama => llama.StopHostOnFailure = true);
        var stopping = new TaskCompletionSource();
        foreign.Builder.Services.AddSingleton<IHostedService>(provider => new OnStopping(provider.GetRequiredService<IHostApplicationLifetime>(), stopping));

        await foreign.StartAsync();

        await stopping.Task;
    }

    [Fact]
    public async Task Settings_WithFaults_FailTheStartUnderTheirFullKeys()
    {
        await using var foreign = new ForeignApp(new TestModel(), llama =>
        {
            llama.Settings["Model:Path"] = "/no/such/folder";
            llama.Settings["Model:BlockSize"] = "0";
            llama.Settings["Modle:Name"] = "x";
            llama.Settings["Server:DrainSecs"] = "3";
        });

        AggregateException thrown = await Assert.ThrowsAsync<AggregateException>(() => foreign.StartAsync());

        string[] faults = [.. thrown.InnerExceptions.Cast<OptionsValidationException>().SelectMany(fault => fault.Failures)];
        Assert.Equal(4, faults.Length);
        foreach (string key in (string[])["Llama:Model:Path", "Llama:Model:BlockSize", "Llama:Modle", "Llama:Server:DrainSecs"])
            Assert.Contains(faults, fault => fault.StartsWith(key + " ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BodyLimit_OfOurs_LeavesTheHostsAlone()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply }, llama => llama.Settings["Server:MaxRequestBodyBytes"] = "1024");
        foreign.Builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        HttpClient client = await foreign.StartReadyAsync();

        HttpResponseMessage mine = await client.PostAsync("/mine", TestApp.Json(new string(' ', 2000)));
        HttpResponseMessage ours = await client.PostAsync("/llm/v1/chat/completions", TestApp.Json(new string(' ', 2000)));

        Assert.Equal("2000", await mine.Content.ReadAsStringAsync());
        await ErrorTests.AssertErrorAsync(ours, HttpStatusCode.RequestEntityTooLarge, "request_too_large", null);
    }

    /// <summary>Answers go on in chains, one thread for several; what the application does after one is no part of that.</summary>
    [Fact]
    public async Task Middleware_BlocksAfterAnAnswer_HoldsUpNoOtherAnswer()
    {
        int count = 4 * Environment.ProcessorCount, blocked = 0; // for chains of two
        using var isHeld = new ManualResetEventSlim(true);
        using var others = new CountdownEvent(count - 1);
        bool areAllThrough = false;
        var hasBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Hold(long step)
        {
            if (!isHeld.IsSet) hasBegun.TrySetResult();
            isHeld.Wait();
        }
        await using var foreign = new ForeignApp(new TestModel { OnStep = Hold }, llama => llama.Settings["Scheduler:MaxQueueLength"] = $"{count}");
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.Use(async (HttpContext context, RequestDelegate next) =>
            {
                await next(context);
                if (!context.Request.Headers.ContainsKey("X-Together")) return;
                if (Interlocked.Exchange(ref blocked, 1) == 0) areAllThrough = others.Wait(TimeSpan.FromMinutes(2));
                else others.Signal();
            });
            app.MapOpenAI("/llm");
        });
        async Task AskAsync(bool together)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/llm/v1/chat/completions") { Content = TestApp.Chat("\"max_tokens\":1") };
            if (together) request.Headers.Add("X-Together", "yes");
            (await client.SendAsync(request)).EnsureSuccessStatusCode();
        }

        isHeld.Reset();
        Task first = AskAsync(together: false); // in a step that is held, while the others gather for the next
        await hasBegun.Task;
        Task[] rest = [.. Enumerable.Range(0, count).Select(_ => AskAsync(together: true))];
        await Wait.Until(() => foreign.Engine.Snapshot.WaitingCount >= count);
        isHeld.Set();
        await Task.WhenAll([first, .. rest]);

        Assert.True(areAllThrough);
    }

    [Fact]
    public void Engine_Missing_IsSaid()
    {
        WebApplication app = WebApplication.CreateBuilder().Build();

        Assert.Contains("AddLlama", Assert.Throws<InvalidOperationException>(() => app.MapOpenAI()).Message);
    }

    [Fact]
    public void AddLlama_Twice_IsRefused()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.AddLlama();

        Assert.Throws<InvalidOperationException>(() => builder.AddLlama());
    }

    private sealed class OnStopping(IHostApplicationLifetime lifetime, TaskCompletionSource stopping) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken)
        {
            lifetime.ApplicationStopping.Register(stopping.SetResult);
            return Task.CompletedTask;
        }
    }

    private sealed class Timeout(CancellationToken token) : IHttpRequestTimeoutFeature
    {
        public CancellationToken RequestTimeoutToken => token;

        public void DisableTimeout()
        {
        }
    }
}
