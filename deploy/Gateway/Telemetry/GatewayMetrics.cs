using System.Diagnostics.Metrics;
using Llama.Gateway.Forwarding;

namespace Llama.Gateway.Telemetry;

/// <summary>What the gateway counts; one method per event.</summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "Llama.Gateway";

    private readonly Counter<long> _requests, _retries, _ejections, _placements;

    public GatewayMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("gateway_requests_total", description: "Requests that a replica was asked, by replica, outcome and status");
        _retries = meter.CreateCounter<long>("gateway_retries_total", description: "Requests that went on to another replica, by why the one before did not answer");
        _ejections = meter.CreateCounter<long>("gateway_ejections_total", description: "Times that a replica was taken out, by replica and reason");
        _placements = meter.CreateCounter<long>("gateway_placements_total", description: "Requests with a prefix, by whether its home took them or had its share already");
        Meter = meter;
    }

    /// <summary>For gauges that others own.</summary>
    public Meter Meter { get; }

    /// <summary>A replica was asked.</summary>
    /// <param name="replica">Its address.</param>
    /// <param name="outcome">How it went.</param>
    /// <param name="status">Of the answer, where there is one.</param>
    public void Asked(string replica, Outcome outcome, int status) => _requests.Add(
        1, new("replica", replica), new("outcome", outcome.ToString()), new("status", outcome is Outcome.Answered or Outcome.Broke ? status : 0));

    /// <summary>A request goes on to another replica.</summary>
    public void Retried(Outcome why) => _retries.Add(1, new KeyValuePair<string, object?>("reason", why.ToString()));

    /// <summary>A replica gets no more requests for now.</summary>
    public void Ejected(string replica, string reason) => _ejections.Add(1, new("replica", replica), new("reason", reason));

    /// <summary>A request with a prefix was given a replica.</summary>
    public void Placed(bool isHome) => _placements.Add(1, new KeyValuePair<string, object?>("result", isHome ? "home" : "moved"));
}
