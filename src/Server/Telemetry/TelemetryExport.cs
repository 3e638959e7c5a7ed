using Llama.Server.Web.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Llama.Server.Telemetry;

/// <summary>
/// Spans and metrics by OTLP, where OpenTelemetry's own variables say so: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or the one for traces or metrics alone. Without them nothing listens. An
/// application that hosts the engine has its own export, and listens to the source <c>Llama.Server</c> and the meters.
/// </summary>
internal static class TelemetryExport
{
    private const string Service = "llama-server";

    public static void AddTelemetryExport(this WebApplicationBuilder builder)
    {
        bool hasTraces = OtlpEndpoints.Traces(builder.Configuration) is not null, hasMetrics = OtlpEndpoints.Metrics(builder.Configuration) is not null;
        if ((!hasTraces && !hasMetrics) || OtlpValidator.Faults(builder.Configuration).Any()) // the start is refused with the faults; before that, the exporter would throw
            return;
        builder.Services.AddHostedService<ExportFaults>(); // before what it listens to
        OpenTelemetry.OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(builder.Configuration["OTEL_SERVICE_NAME"] ?? Service, serviceVersion: typeof(TelemetryExport).Assembly.GetName().Version?.ToString(3)));
        if (hasTraces)
            telemetry.WithTracing(traces => traces.AddSource(ModelCallSpan.SourceName).AddAspNetCoreInstrumentation(http => http.Filter = IsWanted).AddOtlpExporter());
        if (hasMetrics)
            telemetry.WithMetrics(metrics => metrics.AddOwnMeters(ServerMeters.All).AddOtlpExporter());
    }

    /// <summary>Not what machines ask every few seconds.</summary>
    private static bool IsWanted(HttpContext context) => !context.Request.Path.StartsWithSegments("/health") && !context.Request.Path.StartsWithSegments("/metrics");
}
