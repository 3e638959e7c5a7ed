using System.Diagnostics.Metrics;
using Llama.Server.Configuration;
using Llama.Server.Health;
using Llama.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Llama.Server.Telemetry;

/// <summary>How the server is at the moment, and the bounds beside which its counts are to be read. Settings are read at a scrape: this is made before they are checked.</summary>
internal sealed class ServerGauges
{
    private readonly Meter _meter;

    public ServerGauges(IMeterFactory meters, EngineHost host, Heartbeat heart, IOptions<SchedulerSettings> scheduler)
    {
        _meter = meters.Create(ModelCallMetrics.MeterName);
        Observe("llama.ready", () => heart.State == HealthState.Ok ? 1 : 0, "1 while /health/ready says ok, else 0.");
        Observe("llama.max_requests_running", () => scheduler.Value.MaxSequences, "Scheduler:MaxSequences.");
        Observe("llama.max_requests_waiting", () => scheduler.Value.MaxQueueLength, "Scheduler:MaxQueueLength.");
        Observe("llama.max_step_tokens", () => scheduler.Value.MaxBatchTokens ?? LoadedTokens(host), "Token budget of a step; 0 until the model is loaded.");
    }

    /// <summary>Where limits are shared, whether they are at the moment.</summary>
    public void WatchLimitStore(Func<bool> isShared) => Observe("llama.limit_store_up", () => isShared() ? 1 : 0, "1 while limits are counted in Redis, 0 while in this process alone.");

    private void Observe(string name, Func<int> value, string description) => _meter.CreateObservableGauge(name, value, description: description);

    private static int LoadedTokens(EngineHost host) => host.Engine is { Loaded: { IsCompletedSuccessfully: true, Result: var limits } } ? limits.BatchTokens : 0;
}
