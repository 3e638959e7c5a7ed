using CsCheck;
using Llama.Gateway.Configuration;
using Llama.Gateway.Forwarding;
using Llama.Gateway.Tests.Hosting;
using Yarp.ReverseProxy.Configuration;

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
}
