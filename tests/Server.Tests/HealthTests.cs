using Llama.Model.Offload;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests;

/// <summary>When an engine that works at something counts as stalled: an orchestrator kills the process for it.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Step_ThatDoesNotEnd_IsAStallAfterFiveMinutes()
    {
        using var model = new SlowModel();
        var clock = new ManualClock();
        await using var app = new TestApp { Reply = "ok", Clock = clock, OnStep = model.OnStep };
        HttpClient client = await app.StartAsync();
        Task<HttpResponseMessage> held = await HoldAsync(app, client, model);

        (int, string?) atFirst = await ProbeAsync(client, "/health/live");
        clock.Advance(TimeSpan.FromMinutes(5));
        (int, string?) inTime = await ProbeAsync(client, "/health/live");
        clock.Advance(TimeSpan.FromSeconds(1));
        (int, string?) live = await ProbeAsync(client, "/health/live"), ready = await ProbeAsync(client, "/health/ready"), startup = await ProbeAsync(client, "/health/startup");
        model.Release();

        Assert.Equal(((200, "ok"), (200, "ok")), (atFirst, inTime));
        Assert.Equal(((503, "stalled"), (503, "stalled"), (200, "stalled")), (live, ready, startup));
        Assert.True((await held).IsSuccessStatusCode);
        await Wait.Until(() => app.Engine.Snapshot.RunningCount == 0);
        Assert.Equal((200, "ok"), await ProbeAsync(client, "/health/live"));
    }

    [Fact]
    public async Task Step_ThatTakesHours_IsNoStallWhileItsWeightsCome()
    {
        using var model = new SlowModel();
        var clock = new ManualClock();
        await using var app = new TestApp { Reply = "ok", Clock = clock, OnStep = model.OnStep };
        HttpClient client = await app.StartAsync();
        Task<HttpResponseMessage> held = await HoldAsync(app, client, model);
        StreamTraffic traffic = app.Services.GetRequiredService<EngineHost>().Description!.Devices[0].Traffic!;

        for (int layer = 0; layer < 60; layer++)
        {
            traffic.Add(bytes: 1 << 30, ticks: 0);
            Assert.Equal((200, "ok"), await ProbeAsync(client, "/health/live"));
            clock.Advance(TimeSpan.FromMinutes(4));
        }
        clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal((503, "stalled"), await ProbeAsync(client, "/health/live"));
        model.Release();
        await held;
    }

    [Fact]
    public async Task Request_AfterAnHourThatNobodyProbed_IsNoStall()
    {
        using var model = new SlowModel();
        var clock = new ManualClock();
        await using var app = new TestApp { Reply = "ok", Clock = clock, OnStep = model.OnStep };
        HttpClient client = await app.StartAsync();
        Assert.Equal((200, "ok"), await ProbeAsync(client, "/health/live"));

        clock.Advance(TimeSpan.FromHours(1));
        Task<HttpResponseMessage> held = await HoldAsync(app, client, model);

        (int, string?) live = await ProbeAsync(client, "/health/live");
        model.Release();
        Assert.Equal((200, "ok"), live);
        await held;
    }

    [Fact]
    public async Task Drain_IsNotReadyButLiveAndStarted_UntilItIsTakenBack()
    {
        await using var app = new TestApp { Reply = "ok", Settings = { ["Auth:AdminKey"] = "operator" } };
        HttpClient client = await app.StartAsync();

        foreach ((string action, int ready, string status) in ((string, int, string)[])[("drain", 503, "draining"), ("undrain", 200, "ok")])
        {
            await client.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/admin/{action}") { Headers = { { "Authorization", "Bearer operator" } } });

            Assert.Equal((200, status), await ProbeAsync(client, "/health/live"));
            Assert.Equal((ready, status), await ProbeAsync(client, "/health/ready"));
            Assert.Equal((200, status), await ProbeAsync(client, "/health/startup"));
        }
    }

    /// <summary>A request whose first step waits for the model's release.</summary>
    private static async Task<Task<HttpResponseMessage>> HoldAsync(TestApp app, HttpClient client, SlowModel model)
    {
        model.HoldAt = app.Engine.Snapshot.StepCount + 1;
        Task<HttpResponseMessage> answer = client.PostAsync("/v1/chat/completions", TestApp.Chat());
        await Wait.Until(() => model.IsHolding);
        return answer;
    }

    private static async Task<(int Code, string? Status)> ProbeAsync(HttpClient client, string path)
    {
        HttpResponseMessage answer = await client.GetAsync(path);
        return ((int)answer.StatusCode, (string?)(await TestApp.ReadJsonAsync(answer))["status"]);
    }
}
