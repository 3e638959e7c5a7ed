using System.Net;
using CsCheck;
using Llama.Gateway.Configuration;
using Llama.Gateway.Forwarding;
using Llama.Gateway.Hosting;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Llama.Gateway.Tests;

[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class ReplicasConfigTests
{
    [Fact]
    public void Of_AnySettings_ProbesAsOftenAsTheyAreAndCutsNoStreamBeforeItsOwnLimit() => Gen.Select(Gen.Int[1, 3600], Gen.Int[1, 86400]).Sample((probeSeconds, answerSeconds) =>
    {
        ClusterConfig cluster = ReplicasConfig.Of(new GatewaySettings { Replicas = ["http://a"], ProbeSeconds = probeSeconds, AnswerSeconds = answerSeconds }).GetConfig().Clusters.Single();

        Assert.Equal(TimeSpan.FromSeconds(probeSeconds), cluster.HealthCheck!.Active!.Interval);
        Assert.InRange(cluster.HttpRequest!.ActivityTimeout!.Value - TimeSpan.FromSeconds(answerSeconds), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(5));
    });

    [Theory]
    [InlineData(0, "localhost")]
    [InlineData(3600, "127.0.0.1")]
    public async Task Name_OfReplicas_IsOneReplicaUnlessItIsLookedUp(int lookUpSeconds, string host)
    {
        await using FakeReplica replica = await FakeReplica.StartAsync();
        int port = new Uri(replica.Address).Port;
        await using Fleet fleet = await Fleet.StartAsync(0, $"--Gateway:Replicas:0=http://localhost:{port}", $"--Gateway:LookUpSeconds={lookUpSeconds}");

        Assert.Matches($$"""gateway_replica_ready{replica="http://{{host}}:{{port}}/?"} 1""", await fleet.ScrapeAsync());
    }

    [Fact]
    public async Task Name_WithoutAnAddress_IsNoReasonNotToStart()
    {
        WebApplication gateway = GatewayApp.Build(["--urls=http://127.0.0.1:0", "--Serilog:MinimumLevel:Default=Fatal", "--Gateway:Replicas:0=http://no-such-replica.invalid:8080", "--Gateway:LookUpSeconds=3600"]);
        GatewayApp.Map(gateway);
        await using (gateway)
        {
            await gateway.StartAsync();
            using var client = new HttpClient { BaseAddress = new Uri(gateway.Urls.First()), Timeout = Wait.Patience };
            using HttpResponseMessage answer = await client.GetAsync("/v1/models");

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task Resolver_ThatFindsNothing_KeepsWhatItFoundAndAsksAgain()
    {
        var names = new FakeNames();
        var log = new FakeLogger<PatientResolver>();
        var resolver = new PatientResolver(names, TimeSpan.FromMilliseconds(1), log);
        Dictionary<string, DestinationConfig> replicas = new() { ["0"] = new() { Address = "http://a" }, ["1"] = new() { Address = "http://b" } };

        names.Missing.Add("http://b");
        ResolvedDestinationCollection first = await resolver.ResolveDestinationsAsync(replicas, default);
        var again = new TaskCompletionSource();
        first.ChangeToken!.RegisterChangeCallback(_ => again.TrySetResult(), null);
        await again.Task;
        names.Missing.Clear();
        ResolvedDestinationCollection second = await resolver.ResolveDestinationsAsync(replicas, default);
        names.Missing.Add("http://a");
        ResolvedDestinationCollection third = await resolver.ResolveDestinationsAsync(replicas, default);
        await resolver.ResolveDestinationsAsync(replicas, default);

        Assert.Equal(["http://a:1", "http://b"], first.Destinations.Values.Select(one => one.Address));
        Assert.Equal(["http://a:1", "http://b:1"], second.Destinations.Values.Select(one => one.Address));
        Assert.Equal(["http://a:1", "http://b:1"], third.Destinations.Values.Select(one => one.Address));
        Assert.Equal([LogLevel.Warning, LogLevel.Information, LogLevel.Warning], log.Collector.GetSnapshot().Select(record => record.Level)); // each change once
    }

    private sealed class FakeNames : IDestinationResolver
    {
        public HashSet<string> Missing { get; } = [];

        public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellation) =>
            destinations.Values.Any(one => Missing.Contains(one.Address)) ? throw new InvalidOperationException("no such name")
            : new(new ResolvedDestinationCollection(destinations.ToDictionary(pair => pair.Key + "[1]", pair => pair.Value with { Address = pair.Value.Address + ":1" }), null));
    }
}
