using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Llama.Server.Web.Telemetry;

/// <summary>Listening to the meters of one host.</summary>
internal static class OwnMeters
{
    /// <summary>
    /// Listens to meters of these names that the container's factory makes, and to those that belong to no host. OpenTelemetry finds meters by name in the whole process and takes instruments of one name for one:
    /// numbers of several hosts would be added up, and the end of one would end them for all.
    /// </summary>
    public static MeterProviderBuilder AddOwnMeters(this MeterProviderBuilder metrics, params string[] names) =>
        ((IDeferredMeterProviderBuilder)metrics).Configure((services, deferred) =>
        {
            object? own = services.GetRequiredService<IMeterFactory>().Create(names[0]).Scope;
            deferred.AddMeter(names).AddView(instrument => instrument.Meter.Scope is { } scope && scope != own ? MetricStreamConfiguration.Drop : null);
        });
}
