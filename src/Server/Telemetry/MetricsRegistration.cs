using Llama.Server.Routing;

namespace Llama.Server.Telemetry;

/// <summary>Registration of the scrape.</summary>
internal static class MetricsRegistration
{
    public static IServiceCollection AddServerMetrics(this IServiceCollection services)
    {
        ProcessMetrics.Observe(); // for whoever listens, scraped or not
        return services.AddSingleton<MetricsScrape>().AddSingleton<ModelCallMetrics>().AddSingleton<TextRecorder>().AddSingleton<ServerGauges>().AddSingleton<DeviceGauges>();
    }

    /// <summary>Maps the scrape. Its names are turned into vLLM's by <see cref="ScrapeNames"/>.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes, string path)
    {
        MetricsScrape scrape = routes.ServiceProvider.GetRequiredService<MetricsScrape>(); // now, so that it sees the first request too
        routes.ServiceProvider.GetRequiredService<ServerGauges>(); // nothing else asks for these two
        routes.ServiceProvider.GetRequiredService<DeviceGauges>();
        RequestDelegate answer = routes.CreateApplicationBuilder().UseMiddleware<ScrapeNames>()
            .UseOpenTelemetryPrometheusScrapingEndpoint(scrape.Meters, _ => true, path: null, configureBranchedPipeline: null, optionsName: null).Build();
        // As a Delegate: the description lists no bare RequestDelegate.
        routes.MapGet(path, (Delegate)((HttpContext context) => answer(context)))
            .WithTags("Health").WithSummary("Metrics as Prometheus text").WithMetadata(new MetricsRoute()).Produces<string>(contentType: "text/plain");
    }
}
