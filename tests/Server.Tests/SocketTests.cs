using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Llama.Server.Tests;

/// <summary>What only a real socket shows.</summary>
public sealed class SocketTests
{
    [Theory]
    [InlineData("\"stream\":true,")]
    [InlineData("")]
    public async Task Client_Leaves_ItsBlocksComeFree(string fields)
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        slow.IsSlow = true;
        using var leave = new CancellationTokenSource();

        Task<HttpResponseMessage> answer = client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestApp.Chat(fields + "\"n\":3,\"max_tokens\":400,\"ignore_eos\":true") },
            HttpCompletionOption.ResponseHeadersRead,
            leave.Token);
        await Wait.Until(() => app.Engine.Snapshot.RunningCount == 3);
        if (fields.Length > 0)
            (await answer).Dispose();
        await leave.CancelAsync();

        await Wait.Until(() => app.Engine.Snapshot is { RunningCount: 0, UsedBlockCount: 0 });
        slow.IsSlow = false;
    }

    [Fact]
    public async Task Body_OverTheLimit_Is413ThoughTheClientIsStillSending()
    {
        await using var app = new TestApp { Settings = { ["Server:MaxRequestBodyBytes"] = "1024" } };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Json(new string(' ', 16 << 20)));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.RequestEntityTooLarge, "request_too_large", null);
    }

    [Theory]
    [InlineData("/health", HttpStatusCode.OK)]
    [InlineData("/v1/models", HttpStatusCode.OK)]
    [InlineData("/metrics", HttpStatusCode.OK)]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/swagger/index.html", HttpStatusCode.OK)]
    [InlineData("/swagger/v1/swagger.json", HttpStatusCode.OK)]
    [InlineData("/swagger/page.css", HttpStatusCode.OK)]
    [InlineData("/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("/v1/completions", HttpStatusCode.MethodNotAllowed)]
    public async Task Head_Any_IsAnsweredAsGetWithoutBody(string route, HttpStatusCode status)
    {
        await using var app = new TestApp();
        app.UseKestrel();
        HttpClient client = await app.StartAsync();

        HttpResponseMessage response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, route));

        Assert.Equal(status, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.NotEmpty(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health")).StatusCode); // the connection is still in step
    }

    [Theory]
    [InlineData("X-Title: caf\u00e9", "200")]
    [InlineData("User-Agent: caf\u00e9", "200")]
    [InlineData("Authorization: Bearer \u00e9", "401")]
    public async Task Header_NotInUtf8_IsNoReasonToRefuse(string header, string status)
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "secret" } };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port);

        string key = status == "200" ? "Authorization: Bearer secret\r\n" : "";
        await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n{key}{header}\r\nConnection: close\r\n\r\n"));
        string response = await new StreamReader(socket.GetStream(), Encoding.UTF8).ReadToEndAsync();

        Assert.StartsWith($"HTTP/1.1 {status}", response);
        Assert.Contains("x-request-id", response);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    public async Task Body_MalformedChunks_Is400InJson(string size)
    {
        await using var app = new TestApp();
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port);

        await socket.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{size}\r\n"));
        string response = await new StreamReader(socket.GetStream(), Encoding.UTF8).ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 400", response);
        Assert.Contains("\"code\":\"invalid_request\"", response);
    }

    // Which of the two the web server noticed first, the end or the read that met it, was a matter of luck.
    [Fact]
    public async Task Body_ClosedBeforeItsEnd_IsACallerWhoLeft()
    {
        const int Callers = 40;
        await using var app = new TestApp();
        app.UseKestrel();
        HttpClient client = await app.StartAsync();

        for (int i = 0; i < Callers; i++)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port);
            await socket.GetStream().WriteAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"model\":"u8.ToArray());
            if (i % 2 == 0) await Task.Delay(2);
        }

        await Wait.Until(async () => await CountOfAsync("client_disconnected") + await CountOfAsync("invalid_request") == Callers);
        Assert.Equal(Callers, await CountOfAsync("client_disconnected"));

        async Task<double> CountOfAsync(string error) => (await client.GetStringAsync("/metrics")).Split('\n')
            .Where(line => line.StartsWith("gen_ai_server_request_duration_seconds_count{", StringComparison.Ordinal) && line.Contains($"error_type=\"{error}\""))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Silence_OnAStream_IsBrokenByAComment()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["Server:KeepAliveSeconds"] = "1" } };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        slow.HoldAt = app.Engine.Snapshot.StepCount + 4;

        using HttpResponseMessage response = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestApp.Chat("\"stream\":true,\"max_tokens\":6,\"ignore_eos\":true") },
            HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line && line != ": keep-alive")
            Assert.NotEqual("data: [DONE]", line);
        slow.Release();

        Assert.EndsWith("data: [DONE]\n\n", await reader.ReadToEndAsync());
    }

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"n\":2,\"max_tokens\":6", "data: [DONE]")]
    [InlineData("/v1/completions", "\"prompt\":\"x\",\"max_tokens\":6", "data: [DONE]")]
    [InlineData("/v1/responses", "\"input\":\"x\",\"max_output_tokens\":16", "event: response.incomplete")]
    public async Task Silence_BeforeTheFirstToken_IsBrokenByAComment(string route, string fields, string end)
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["Server:KeepAliveSeconds"] = "1" } };
        using HttpResponseMessage response = await SilentStreamAsync(app, slow, route, fields);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        while (await reader.ReadLineAsync() is { } line && line != ": keep-alive")
            Assert.DoesNotContain("delta", line);
        Assert.True(slow.IsHolding);
        slow.Release();
        string rest = await reader.ReadToEndAsync();

        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Contains(end, rest);
    }

    [Fact]
    public async Task Silence_ThenAFailureBeforeTheFirstToken_IsAnErrorInTheStream()
    {
        using var slow = new SlowModel();
        bool isPoisoned = false;
        await using var app = new TestApp
        {
            OnStep = step => { slow.OnStep(step); if (Volatile.Read(ref isPoisoned)) throw new InvalidOperationException("poison"); },
            Settings = { ["Server:KeepAliveSeconds"] = "1" },
        };
        using HttpResponseMessage response = await SilentStreamAsync(app, slow, "/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]");

        Volatile.Write(ref isPoisoned, true);
        slow.Release();
        SseTranscript stream = await SseTranscript.ReadAsync(response);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("internal_error", (string?)stream.Chunks[^1]["error"]!["code"]);
        Assert.False(stream.IsDone);
    }

    [Fact]
    public async Task Silence_ClientLeavesBeforeTheFirstToken_ItsBlocksComeFree()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, ContextLength = 100_000, Settings = { ["Server:KeepAliveSeconds"] = "1" } };
        HttpResponseMessage response = await SilentStreamAsync(app, slow, "/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":90000,\"ignore_eos\":true");

        response.Dispose();
        slow.IsSlow = true;
        slow.Release();

        await Wait.Until(() => app.Engine.Snapshot is { RunningCount: 0, UsedBlockCount: 0 });
        Assert.InRange(app.Engine.Snapshot.StepCount, 0, 80_000);
    }

    /// <summary>A stream whose headers have come while its first step is held.</summary>
    private static async Task<HttpResponseMessage> SilentStreamAsync(TestApp app, SlowModel slow, string route, string fields)
    {
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        slow.HoldAt = app.Engine.Snapshot.StepCount + 1;
        var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = TestApp.Json($$"""{"model":"tiny","stream":true,{{fields}}}""") };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    [Fact]
    public async Task Stop_WithAStreamRunning_LetsItEndAndTurnsOthersAway()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        slow.HoldAt = app.Engine.Snapshot.StepCount + 3;
        Task<HttpResponseMessage> running = client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true,\"max_tokens\":20,\"ignore_eos\":true"));
        await Wait.Until(() => slow.IsHolding);

        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await Wait.Until(() => app.Services.GetRequiredService<EngineHost>().IsStopping);
        HttpResponseMessage late = await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        HttpResponseMessage ready = await client.GetAsync("/health/ready");
        HttpResponseMessage live = await client.GetAsync("/health/live");
        slow.Release();
        SseTranscript stream = await SseTranscript.ReadAsync(await running);

        await ErrorTests.AssertErrorAsync(late, HttpStatusCode.ServiceUnavailable, "server_unavailable", null);
        Assert.NotNull(late.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.True(stream.IsDone);
        Assert.Equal("length", stream.FinishReason());
    }

    // Told to stop, the web server no longer ends those that it waits for.
    [Fact]
    public async Task Stop_BodyThatDoesNotCome_IsAnsweredAsEver()
    {
        await using var app = new TestApp();
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port);
        using var reader = new StreamReader(socket.GetStream(), Encoding.UTF8);
        await socket.GetStream().WriteAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n"u8.ToArray());
        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync()); // its body is being read
        Assert.Equal("", await reader.ReadLineAsync());

        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        string answer = await reader.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 408", answer);
        Assert.Contains("\"code\":\"invalid_request\"", answer);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":20,\"ignore_eos\":true")]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":20,\"ignore_eos\":true,\"stream\":true")]
    [InlineData("/v1/responses", "\"input\":\"x\",\"max_output_tokens\":20")]
    [InlineData("/v1/embeddings", "\"input\":\"x\"")]
    public async Task Stop_WithoutPatience_IsNotTheServersFailure(string route, string fields)
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["Server:DrainSeconds"] = "0" } };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        slow.HoldAt = app.Engine.Snapshot.StepCount + 1;
        Task<HttpResponseMessage> held = client.PostAsync("/v1/completions", TestApp.Json("""{"model":"tiny","prompt":"x","max_tokens":2,"ignore_eos":true}"""));
        await Wait.Until(() => slow.IsHolding);
        Task<HttpResponseMessage> waiting = client.PostAsync(route, TestApp.Json($$"""{"model":"tiny",{{fields}}}"""));
        await Wait.Until(() => app.Engine.Snapshot.WaitingCount == 1);

        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await Wait.Until(() => app.Engine.State == EngineState.Draining);
        slow.Release();
        HttpResponseMessage response = await waiting;

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.ServiceUnavailable, "server_unavailable", null);
        Assert.NotNull(response.Headers.RetryAfter);
        JsonNode cutOff = await ErrorTests.AssertErrorAsync(await held, HttpStatusCode.ServiceUnavailable, "server_unavailable", null);
        Assert.Equal("The server is shutting down and ended this request before it was through.", (string?)cutOff["message"]);
    }

    [Fact]
    public async Task Timeout_Up_Is503AndNotSentAgain()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"request_timeout\":0.05,\"max_tokens\":400,\"ignore_eos\":true"));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.ServiceUnavailable, "server_overloaded", null);
        Assert.Equal("false", Assert.Single(response.Headers.GetValues("x-should-retry")));
    }

    [Fact]
    public async Task Queue_Full_Is503WithRetryAfter()
    {
        await using var server = new FullServer();
        HttpClient client = await server.StartAsync();
        HttpResponseMessage refused = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":1"));
        HttpResponseMessage[] answers = await server.ReleaseAsync();

        await ErrorTests.AssertErrorAsync(refused, HttpStatusCode.ServiceUnavailable, "server_overloaded", null);
        Assert.True(refused.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        Assert.All(answers, answer => Assert.True(answer.IsSuccessStatusCode));
        Assert.Equal(EngineState.Ready, server.Engine.State);
    }
}
