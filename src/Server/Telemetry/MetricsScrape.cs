using System.Diagnostics.Metrics;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Web.Settings;
using Llama.Server.Web.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Llama.Server.Telemetry;

/// <summary>
/// Reads the engine's metrics for scrapes, from the moment it is made. Its telemetry is a container of its own: what the application exports, and as which resource, is
/// left alone.
/// </summary>
internal sealed class MetricsScrape : IDisposable
{
    private const string ModelName = "model_name";

    private readonly ServiceProvider _telemetry;

    public MetricsScrape(ModelIdentity identity, SettingsSection<AuthSettings> auth, IMeterFactory meters)
    {
        bool hasKey = auth.Read().MetricsKey.Length > 0; // unchecked: this is made before the settings are checked
        var services = new ServiceCollection();
        services.AddSingleton(meters).AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddAttributes([new KeyValuePair<string, object>(ModelName, identity.Name)]))
            .WithMetrics(metrics => metrics.AddOwnMeters(hasKey ? ServerMeters.All : ServerMeters.Open).AddPlainScrape(ModelName));
        _telemetry = services.BuildServiceProvider();
        Meters = _telemetry.GetRequiredService<MeterProvider>();
    }

    public MeterProvider Meters { get; }

    public void Dispose() => _telemetry.Dispose();
}
