using System.Net;
using Llama.Gateway.Tests.Hosting;

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

    [Theory]
    [InlineData(0)]
    [InlineData(3600)]
    public async Task Stop_SomebodyWatchesTheEngine_IsNotHeldUpAndTheWatchersStreamJustEnds(int drainSeconds)
    {
        await using Fleet fleet = await Fleet.StartAsync(1, $"--Gateway:DrainSeconds={drainSeconds}");
        fleet.Replicas[0].Answer = context => Answers.Stream(Task.Delay(Timeout.Infinite, context.RequestAborted))(context);
        using HttpResponseMessage answer = await fleet.Client.GetAsync("/engine/events", HttpCompletionOption.ResponseHeadersRead);
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
}
