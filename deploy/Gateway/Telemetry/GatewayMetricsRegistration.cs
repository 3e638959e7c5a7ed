using Llama.Server.Web.Telemetry;

namespace Llama.Gateway.Telemetry;

/// <summary>Registration of the metrics and their scrape.</summary>
internal static class GatewayMetricsRegistration
{
    public static IServiceCollection AddGatewayMetrics(this IServiceCollection services)
    {
        services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddOwnMeters(GatewayMetrics.MeterName).AddPlainScrape());
        return services.AddSingleton<GatewayMetrics>().AddSingleton<ReplicaGauges>();
    }

    /// <summary>Maps the scrape of the gateway's own metrics; those of the replicas are scraped from them.</summary>
    public static void MapGatewayMetrics(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<ReplicaGauges>(); // nothing else asks for them
        routes.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(new Routine());
    }
}
