using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Llama.Server.Web.Telemetry;

/// <summary>How metrics are written for Prometheus: under the names of their instruments, which bear its suffixes already, and as they are at the moment.</summary>
internal static class PlainScrape
{
    /// <param name="metrics">What is scraped.</param>
    /// <param name="label">The resource's attribute that stands as a label on each metric; null for none.</param>
    public static MeterProviderBuilder AddPlainScrape(this MeterProviderBuilder metrics, string? label = null) => metrics.AddPrometheusExporter(options =>
    {
        options.TranslationStrategy = PrometheusAspNetCoreTranslationStrategy.UnderscoreEscapingWithoutSuffixes;
        options.ResourceConstantLabels = key => key == label;
        options.ScopeInfoEnabled = false;
        options.TargetInfoEnabled = false;
        options.ScrapeResponseCacheDurationMilliseconds = 0;
    });
}
