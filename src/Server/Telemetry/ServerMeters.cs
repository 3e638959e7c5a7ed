using Llama.Scheduling;
using Llama.Server.Limits;

namespace Llama.Server.Telemetry;

/// <summary>The meters that speak of the server, by name: what a scrape shows and what is exported.</summary>
internal static class ServerMeters
{
    /// <summary>What anybody may see.</summary>
    public static string[] Open { get; } = [Engine.MeterName, ModelCallMetrics.MeterName, ProcessMetrics.MeterName];

    /// <summary>With the use of each key, by its name.</summary>
    public static string[] All { get; } = [.. Open, KeyMetrics.MeterName];
}
