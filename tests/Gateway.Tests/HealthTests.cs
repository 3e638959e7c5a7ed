using System.Net;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Gateway.Tests;

[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class HealthTests
{
    private const string Body = """{"prompt":"x"}""";

    [Fact]
    public async Task Replicas_NoneIsReady_RequestsAreToldToComeAgainAndProbesToo()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.IsReady = false;
        await Wait.Until(async () => (await fleet.Client.GetAsync("/v1/models")).StatusCode == HttpStatusCode.ServiceUnavailable);
        Array.ForEach(fleet.Replicas, replica => replica.Requests.Clear());

        await RetryTests.AssertUnavailableAsync(await fleet.PostAsync("/v1/completions", Body), "No replica is ready.");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await fleet.Client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await fleet.Client.GetAsync("/health/live")).StatusCode);
        Assert.All(fleet.Replicas, replica => Assert.Empty(replica.Requests));
    }

    [Fact]
    public async Task Replica_IsNotReady_GetsNothingUntilItIsAgain()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        fleet.Replicas[0].IsReady = false;
        await Wait.Until(async () => (await fleet.ScrapeAsync()).Contains($$"""gateway_replica_ready{replica="{{fleet.Replicas[0].Address}}"} 0"""));
        foreach (int i in Enumerable.Range(0, 16))
            await fleet.PostAsync("/v1/completions", Body.Replace("x", $"{i}"));

        Assert.Empty(fleet.Replicas[0].Requests);
        fleet.Replicas[0].IsReady = true;
        await Wait.Until(async () =>
        {
            await fleet.Client.GetAsync("/v1/models"); // has no prefix: goes where least runs, in turn
            return !fleet.Replicas[0].Requests.IsEmpty;
        });
    }

    [Fact]
    public async Task Replica_SaysThatItStops_IsAskedOnceAlthoughItsProbesAreGood()
    {
        await using Fleet fleet = await Fleet.StartAsync(2, "--Gateway:ProbeSeconds=600");
        fleet.Replicas[0].Answer = Answers.Error(503, "server_unavailable");
        foreach (int i in Enumerable.Range(0, 16))
            Assert.Equal(HttpStatusCode.OK, (await fleet.PostAsync("/v1/completions", Body.Replace("x", $"{i}"))).StatusCode);

        Assert.Single(fleet.Replicas[0].Requests);
        Assert.Contains($$"""gateway_ejections_total{reason="Unavailable",replica="{{fleet.Replicas[0].Address}}"} 1""", await fleet.ScrapeAsync());
    }

    [Fact]
    public async Task Replica_HasTooMuch_IsNotTakenOut()
    {
        await using Fleet fleet = await Fleet.StartAsync(2, "--Gateway:ProbeSeconds=600");
        fleet.Replicas[0].Answer = Answers.Error(503, "server_overloaded");
        foreach (int i in Enumerable.Range(0, 4))
            await fleet.Client.GetAsync("/v1/models"); // in turn

        Assert.Equal(2, fleet.Replicas[0].Requests.Count);
    }
}
