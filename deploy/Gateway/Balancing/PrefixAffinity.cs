using System.Collections.Concurrent;
using Llama.Gateway.Configuration;
using Llama.Gateway.Telemetry;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Balancing;

/// <summary>Sends what begins alike to the replica that has computed the beginning, within bounds of load, and what goes on with a stored response to the one that has it.</summary>
internal sealed class PrefixAffinity(IOptions<GatewaySettings> settings, StoredResponses stored, GatewayMetrics metrics) : ILoadBalancingPolicy
{
    public const string PolicyName = "PrefixAffinity";

    private const int MostOnStack = 64;

    private readonly BoundedLoad _bound = new(settings.Value.LoadFactor);
    private readonly ConcurrentDictionary<string, ulong> _hashes = new(StringComparer.Ordinal); // of addresses: as many as there ever were replicas
    private uint _turn;

    public string Name => PolicyName;

    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        int count = availableDestinations.Count;
        if (count == 0)
            return null;
        RoutingKey key = context.Features.Get<RoutingKey>() ?? RoutingKey.None;
        if (key.StoredId is { } id && stored.Find(id) is { } address && availableDestinations.FirstOrDefault(replica => replica.Model.Config.Address == address) is { } keeper)
            return keeper;
        Span<ReplicaLoad> replicas = count <= MostOnStack ? stackalloc ReplicaLoad[count] : new ReplicaLoad[count];
        for (int i = 0; i < count; i++)
            replicas[i] = new ReplicaLoad(HashOf(availableDestinations[i]), availableDestinations[i].ConcurrentRequestCount);
        return availableDestinations[Pick(key.Prefix, replicas)];
    }

    private int Pick(ulong? prefix, ReadOnlySpan<ReplicaLoad> replicas)
    {
        if (prefix is not { } key)
            return BoundedLoad.PickLeast(replicas, Interlocked.Increment(ref _turn));
        (int index, bool isHome) = _bound.Pick(key, replicas);
        metrics.Placed(isHome);
        return index;
    }

    private ulong HashOf(DestinationState destination) => _hashes.GetOrAdd(destination.Model.Config.Address, KeyHash.Of);
}
