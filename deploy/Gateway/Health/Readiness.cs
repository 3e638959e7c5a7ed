using System.Collections.Concurrent;
using Llama.Gateway.Telemetry;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Health;

/// <summary>
/// Judges replicas by their <c>/health/ready</c>. One that says no, or cannot be reached, is out at once and in again at its first yes. One that only says nothing may be busy:
/// it is out after several times, and never when all say nothing together, for then it is this process that stood still.
/// </summary>
internal sealed partial class Readiness(IDestinationHealthUpdater updater, GatewayMetrics metrics, ILogger<Readiness> logger) : IActiveHealthCheckPolicy
{
    public const string PolicyName = "Readiness";

    private const int MostSilences = 3;

    private readonly ConcurrentDictionary<string, int> _silences = new(StringComparer.Ordinal); // in a row, by address

    public string Name => PolicyName;

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults)
    {
        bool standsStill = probingResults.Count > 1 && probingResults.All(IsSilence);
        NewActiveDestinationHealth[] news = [.. probingResults.Select(result => new NewActiveDestinationHealth(result.Destination, Judge(result, standsStill)))];
        foreach ((NewActiveDestinationHealth health, DestinationProbingResult result) in news.Zip(probingResults))
            Tell(health, result);
        updater.SetActive(cluster, news);
    }

    private static bool IsSilence(DestinationProbingResult result) => result is { Response: null, Exception: OperationCanceledException };

    private DestinationHealth Judge(DestinationProbingResult result, bool standsStill)
    {
        string address = result.Destination.Model.Config.Address;
        if (!IsSilence(result))
        {
            _silences[address] = 0;
            return result.Response is { IsSuccessStatusCode: true } ? DestinationHealth.Healthy : DestinationHealth.Unhealthy;
        }
        bool isOut = !standsStill && _silences.AddOrUpdate(address, 1, static (_, count) => count + 1) >= MostSilences;
        return isOut ? DestinationHealth.Unhealthy : result.Destination.Health.Active;
    }

    private void Tell(NewActiveDestinationHealth health, DestinationProbingResult result)
    {
        DestinationHealth before = health.Destination.Health.Active, now = health.NewActiveHealth;
        string address = health.Destination.Model.Config.Address;
        if (now == before)
            return;
        if (now == DestinationHealth.Healthy)
        {
            Log.In(logger, address);
            return;
        }
        string reason = result.Response is { } answer ? $"{(int)answer.StatusCode}" : result.Exception is OperationCanceledException ? "silent" : "unreachable";
        metrics.Ejected(address, "NotReady");
        Log.Out(logger, address, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Replica} is ready")]
        public static partial void In(ILogger logger, string replica);

        [LoggerMessage(LogLevel.Warning, "{Replica} is not ready: {Reason}")]
        public static partial void Out(ILogger logger, string replica, string reason);
    }
}
