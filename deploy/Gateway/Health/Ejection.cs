using Llama.Gateway.Configuration;
using Llama.Gateway.Forwarding;
using Llama.Gateway.Telemetry;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Health;

/// <summary>Takes a replica out as soon as a request finds it gone or stopping, until probes have had time to look at it.</summary>
internal sealed partial class Ejection(IDestinationHealthUpdater updater, IOptions<GatewaySettings> settings, GatewayMetrics metrics, ILogger<Ejection> logger)
{
    private readonly TimeSpan _untilProbed = TimeSpan.FromSeconds(2 * settings.Value.ProbeSeconds);

    /// <summary>Judges a replica by how it went with a request.</summary>
    public void Consider(ClusterState cluster, DestinationState replica, Outcome outcome)
    {
        if (outcome is not (Outcome.Unreached or Outcome.Failed or Outcome.Unavailable or Outcome.Broke) || replica.Health.Passive == DestinationHealth.Unhealthy)
            return;
        updater.SetPassive(cluster, replica, DestinationHealth.Unhealthy, _untilProbed);
        metrics.Ejected(replica.Model.Config.Address, outcome.ToString());
        Log.Ejected(logger, replica.Model.Config.Address, outcome);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Replica} gets no requests for now: {Outcome}")]
        public static partial void Ejected(ILogger logger, string replica, Outcome outcome);
    }
}
