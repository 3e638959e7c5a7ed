using Llama.Gateway.Balancing;
using Llama.Gateway.Configuration;
using Llama.Gateway.Health;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Llama.Gateway.Forwarding;

/// <summary>Our settings in the words of the proxy: one route to one cluster of all replicas.</summary>
internal static class ReplicasConfig
{
    private const string Name = "replicas";

    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    // The stream's own limit comes first and ends it in an event; the proxy's would cut it.
    private static readonly TimeSpan AfterStreamLimit = TimeSpan.FromSeconds(1);

    public static InMemoryConfigProvider Of(GatewaySettings settings) => new([Route()], [Cluster(settings)]);

    private static RouteConfig Route() => new() { RouteId = Name, ClusterId = Name, Match = new RouteMatch { Path = "/{**path}" } };

    private static ClusterConfig Cluster(GatewaySettings settings) => new()
    {
        ClusterId = Name,
        LoadBalancingPolicy = PrefixAffinity.PolicyName,
        Destinations = settings.Replicas.ToDictionary(address => address, address => new DestinationConfig { Address = address }),
        HttpRequest = new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromSeconds(settings.AnswerSeconds) + AfterStreamLimit },
        HealthCheck = new HealthCheckConfig
        {
            AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyAndUnknown, // the default takes all where none is ready
            Active = new ActiveHealthCheckConfig
            {
                Enabled = true,
                Path = "/health/ready",
                Interval = TimeSpan.FromSeconds(settings.ProbeSeconds),
                Timeout = ProbeTimeout,
                Policy = Readiness.PolicyName,
            },
            Passive = new PassiveHealthCheckConfig { Enabled = true }, // judged by Ejection
        },
    };
}
