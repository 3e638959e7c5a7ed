using System.Net;
using Llama.Gateway.Configuration;
using Llama.Gateway.Hosting;
using Llama.Gateway.Tests.Hosting;
using Llama.Server.Web.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Llama.Gateway.Tests;

[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class DrainTests
{
    private const string Body = """{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}""";

    [Fact]
    public async Task Stop_StreamIsUnderWay_GoesOnToItsEndWhileLatecomersAreToldToComeAgain()
    {
        var go = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(1, "--Gateway:DrainSeconds=3600");
        fleet.Replicas[0].Answer = Answers.Stream(go.Task);
        using HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        Task stopped = fleet.Gateway.StopAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await fleet.Client.GetAsync("/health/ready")).StatusCode);
        await RetryTests.AssertUnavailableAsync(await fleet.PostAsync("/v1/chat/completions", Body), "The gateway is shutting down and takes no new requests.");
        go.SetResult();
        Assert.EndsWith("data: [DONE]\n\n", await answer.Content.ReadAsStringAsync());
        await stopped;
    }

    [Fact]
    public async Task Stop_TimeIsUp_StreamEndsInAnError()
    {
        await using Fleet fleet = await Fleet.StartAsync(1, "--Gateway:DrainSeconds=0");
        fleet.Replicas[0].Answer = context => Answers.Stream(Task.Delay(Timeout.Infinite, context.RequestAborted))(context);
        using HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        Task stopped = fleet.Gateway.StopAsync();

        Assert.StartsWith(Answers.Event + "data: {\"error\":", await answer.Content.ReadAsStringAsync());
        await stopped;
    }

    [Fact]
    public async Task Stop_TimeIsUp_WholeAnswerUnderWayIsToldToComeAgain()
    {
        var asked = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(2, "--Gateway:DrainSeconds=0");
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = context =>
            {
                asked.SetResult(); // once: no other replica is asked for what there is no time for
                return Task.Delay(Timeout.Infinite, context.RequestAborted);
            };
        }
        Task<HttpResponseMessage> answer = fleet.PostAsync("/v1/chat/completions", Body);
        await asked.Task;
        Task stopped = fleet.Gateway.StopAsync();

        await RetryTests.AssertUnavailableAsync(await answer, "The gateway is shutting down and ended this request before it was answered.");
        await stopped;
    }

    [Theory]
    [InlineData(0, "/engine/events")]
    [InlineData(3600, "/engine/events")]
    [InlineData(3600, "/engine/events/")]
    public async Task Stop_SomebodyWatchesTheEngine_IsNotHeldUpAndTheWatchersStreamJustEnds(int drainSeconds, string path)
    {
        await using Fleet fleet = await Fleet.StartAsync(1, $"--Gateway:DrainSeconds={drainSeconds}");
        fleet.Replicas[0].Answer = context => Answers.Stream(Task.Delay(Timeout.Infinite, context.RequestAborted))(context);
        using HttpResponseMessage answer = await fleet.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        Task stopped = fleet.Gateway.StopAsync();

        Assert.Equal(Answers.Event, await answer.Content.ReadAsStringAsync());
        await stopped;
    }

    [Fact]
    public async Task Stop_SomebodyWatchesWhileAStreamIsUnderWay_BothGoOnUntilItsEnd()
    {
        var go = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(1, "--Gateway:DrainSeconds=3600");
        fleet.Replicas[0].Answer = context => Answers.Stream(context.Request.Path == "/engine/events" ? Task.Delay(Timeout.Infinite, context.RequestAborted) : go.Task)(context);
        using HttpResponseMessage watched = await fleet.Client.GetAsync("/engine/events", HttpCompletionOption.ResponseHeadersRead);
        using HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        Task stopped = fleet.Gateway.StopAsync(), end = watched.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await fleet.Client.GetAsync("/health/ready")).StatusCode);
        Assert.False(end.IsCompleted);
        go.SetResult();
        Assert.EndsWith("data: [DONE]\n\n", await answer.Content.ReadAsStringAsync());
        await end;
        await stopped;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(3600)]
    public async Task Stop_RequestGoesOn_HasTheTimeOfTheSettingAndNoMore(int seconds)
    {
        var clock = new FakeTimeProvider();
        using var drain = new Drain(Options.Create(new GatewaySettings { DrainSeconds = seconds }), NoSignal(), clock, new FakeLogger<Drain>());
        var end = new TaskCompletionSource();
        Task request = drain.InvokeAsync(new DefaultHttpContext(), _ => end.Task), stopped = drain.StoppingAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(seconds > 0 ? 1 : 0));
        Assert.Equal(seconds > 0, !drain.Cut.IsCancellationRequested);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await stopped.WaitAsync(Wait.Patience);

        Assert.True(drain.Cut.IsCancellationRequested);
        end.SetResult();
        await request;
    }

    [Fact]
    public async Task Stop_HostHasNoMorePatience_CutsWhatRuns()
    {
        using var drain = new Drain(Options.Create(new GatewaySettings { DrainSeconds = 3600 }), NoSignal(), new FakeTimeProvider(), new FakeLogger<Drain>());
        var end = new TaskCompletionSource();
        Task request = drain.InvokeAsync(new DefaultHttpContext(), _ => end.Task);
        await drain.StoppingAsync(new CancellationToken(canceled: true)).WaitAsync(Wait.Patience);

        Assert.True(drain.Cut.IsCancellationRequested);
        end.SetResult();
        await request;
    }

    /// <summary>The host gives up on stopping some time after the drain has, never before it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(3600)]
    public void Host_WhateverTheDrainMayTake_HasMorePatience(int seconds)
    {
        using var app = GatewayApp.Build(["--Gateway:Replicas:0=http://127.0.0.1:9001", $"--Gateway:DrainSeconds={seconds}"]);

        Assert.True(app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout > TimeSpan.FromSeconds(seconds));
    }

    private static SecondSignal NoSignal() => new(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
}
