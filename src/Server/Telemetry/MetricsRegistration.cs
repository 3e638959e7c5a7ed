using Llama.Server.Hosting;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Llama.Server.Telemetry;

/// <summary>Metrics under the names that the field's dashboards know.</summary>
internal static class MetricsRegistration
{
    public const string Route = "/metrics";

    private const string ModelName = "model_name";

    public static IServiceCollection AddServerMetrics(this IServiceCollection services)
    {
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddDetector(provider => new ModelResource(provider.GetRequiredService<ModelIdentity>())))
            .WithMetrics(metrics => metrics.AddMeter("Llama.Scheduling").AddPrometheusExporter(Shape));
        return services;
    }

    /// <summary>Maps the scrape. Its names are turned into vLLM's by <see cref="ColonNames"/>.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        // Made at the first scrape: it reads settings, which are checked when the server starts.
        var scrape = new Lazy<RequestDelegate>(() =>
            routes.CreateApplicationBuilder().UseMiddleware<ColonNames>().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build());
        // As a Delegate: the description lists no bare RequestDelegate.
        routes.MapGet(Route, (Delegate)((HttpContext context) => scrape.Value(context)))
            .WithTags("Health").WithSummary("Metrics as Prometheus text").Produces<string>(contentType: "text/plain");
    }

    /// <summary>The instruments already bear Prometheus' suffixes, and one label says what all are about.</summary>
    private static void Shape(PrometheusAspNetCoreOptions options)
    {
        options.TranslationStrategy = PrometheusAspNetCoreTranslationStrategy.UnderscoreEscapingWithoutSuffixes;
        options.ResourceConstantLabels = key => key == ModelName;
        options.ScopeInfoEnabled = false;
        options.TargetInfoEnabled = false;
        options.ScrapeResponseCacheDurationMilliseconds = 0;
    }

    private sealed class ModelResource(ModelIdentity identity) : IResourceDetector
    {
        public Resource Detect() => new([new KeyValuePair<string, object>(ModelName, identity.Name)]);
    }
}
