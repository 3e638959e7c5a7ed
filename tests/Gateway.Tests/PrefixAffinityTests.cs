using CsCheck;
using Llama.Gateway.Balancing;
using Llama.Gateway.Configuration;
using Llama.Gateway.Telemetry;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Tests;

public sealed class PrefixAffinityTests
{
    private static readonly Gen<DestinationState[]> Replicas = Gen.Int[0, 40].Array[1, 70].Select(running => (DestinationState[])[.. running.Select(Replica)]);

    [Fact]
    public void Pick_WithAPrefix_IsTheOneOfBoundedLoadInEveryGateway() => Gen.Select(Replicas, Gen.ULong, Gen.Double[1, 4]).Sample((replicas, prefix, factor) =>
    {
        ReplicaLoad[] loads = [.. replicas.Select(replica => new ReplicaLoad(KeyHash.Of(replica.Model.Config.Address), replica.ConcurrentRequestCount))];
        (int index, bool isHome) = new BoundedLoad(factor).Pick(prefix, loads);

        Assert.Same(replicas[index], new Policy(factor).Pick(new RoutingKey(prefix, null), replicas, out string result));
        Assert.Equal(isHome ? "home" : "moved", result);
        Assert.Same(replicas[index], new Policy(factor).Pick(new RoutingKey(prefix, null), replicas, out _));
    });

    [Fact]
    public void Pick_WithoutAPrefix_TakesTurnsAmongThoseWhereLeastRuns() => Replicas.Sample(replicas =>
    {
        DestinationState[] least = [.. replicas.Where(replica => replica.ConcurrentRequestCount == replicas.Min(each => each.ConcurrentRequestCount))];
        var policy = new Policy(factor: 1.25);
        HashSet<DestinationState?> picked = [.. replicas.Select(_ => policy.Pick(RoutingKey.None, replicas, out string _))];

        Assert.True(picked.SetEquals(least));
    });

    [Fact]
    public void Pick_OfWhatAReplicaHas_IsThatOneAsLongAsItIsThere() => Gen.Select(Replicas, Gen.ULong, Gen.Int[0, 69]).Sample((replicas, prefix, keeper) =>
    {
        DestinationState has = replicas[keeper % replicas.Length];
        DestinationState[] others = [.. replicas.Where(replica => replica != has)];
        var policy = new Policy(factor: 1.25);
        policy.Stored.Add("resp_1", has.Model.Config.Address);

        Assert.Same(has, policy.Pick(new RoutingKey(prefix, "resp_1"), replicas, out _));
        Assert.Same(policy.Pick(new RoutingKey(prefix, null), others, out _), policy.Pick(new RoutingKey(prefix, "resp_1"), others, out _));
        Assert.Same(policy.Pick(new RoutingKey(prefix, null), replicas, out _), policy.Pick(new RoutingKey(prefix, "resp_2"), replicas, out _));
    });

    private static DestinationState Replica(int running, int index)
    {
        string address = $"http://10.0.0.{index}:8080";
        return new DestinationState(address, new DestinationModel(new DestinationConfig { Address = address })) { ConcurrentRequestCount = running };
    }

    /// <summary>The policy of one gateway.</summary>
    private sealed class Policy
    {
        private readonly PrefixAffinity _policy;
        private readonly MetricCollector<long> _placements;

        public Policy(double factor)
        {
            var meters = new TestMeterFactory();
            _placements = new MetricCollector<long>(meters, GatewayMetrics.MeterName, "gateway_placements_total");
            _policy = new PrefixAffinity(Options.Create(new GatewaySettings { LoadFactor = factor }), Stored, new GatewayMetrics(meters));
        }

        public StoredResponses Stored { get; } = new();

        /// <param name="key">What the request says.</param>
        /// <param name="replicas">Those that are there.</param>
        /// <param name="result">What is counted of it.</param>
        public DestinationState? Pick(RoutingKey key, DestinationState[] replicas, out string result)
        {
            var context = new DefaultHttpContext();
            context.Features.Set(key);
            DestinationState? picked = _policy.PickDestination(context, new ClusterState("replicas"), replicas);
            result = _placements.LastMeasurement?.Tags["result"] as string ?? "";
            return picked;
        }
    }
}
