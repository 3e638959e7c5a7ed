using System.Diagnostics.Metrics;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Telemetry;

/// <summary>How the replicas are now.</summary>
internal sealed class ReplicaGauges
{
    private readonly IProxyStateLookup _replicas;

    public ReplicaGauges(GatewayMetrics metrics, IProxyStateLookup replicas)
    {
        _replicas = replicas;
        metrics.Meter.CreateObservableGauge("gateway_replica_ready", () => Each((cluster, replica) => cluster.DestinationsState.AvailableDestinations.Contains(replica) ? 1 : 0), description: "Whether a replica gets requests");
        metrics.Meter.CreateObservableGauge("gateway_replica_running", () => Each((_, replica) => replica.ConcurrentRequestCount), description: "Requests under way at a replica");
    }

    private IEnumerable<Measurement<int>> Each(Func<ClusterState, DestinationState, int> value) =>
        from cluster in _replicas.GetClusters()
        from replica in cluster.DestinationsState.AllDestinations
        select new Measurement<int>(value(cluster, replica), new KeyValuePair<string, object?>("replica", replica.Model.Config.Address));
}
