namespace Llama.Server.Telemetry;

/// <summary>Where OpenTelemetry's own variables send spans and metrics; null for nowhere.</summary>
internal static class OtlpEndpoints
{
    private const string Both = "OTEL_EXPORTER_OTLP_ENDPOINT", TracesAlone = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", MetricsAlone = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    public static string? Traces(IConfiguration settings) => Given(settings[TracesAlone]) ?? Given(settings[Both]);

    public static string? Metrics(IConfiguration settings) => Given(settings[MetricsAlone]) ?? Given(settings[Both]);

    private static string? Given(string? endpoint) => string.IsNullOrWhiteSpace(endpoint) ? null : endpoint;
}
