using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Telemetry;

/// <summary>OpenTelemetry's variables that say where spans and metrics go. The exporter itself would pass over one that it cannot read.</summary>
internal sealed class OtlpEndpoints(IConfiguration settings) : IValidateOptions<ServerSettings>
{
    private static readonly string[] Names = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    /// <summary>Where a signal goes; null for nowhere.</summary>
    /// <param name="settings">All settings.</param>
    /// <param name="signal"><c>TRACES</c> or <c>METRICS</c>.</param>
    public static string? Of(IConfiguration settings, string signal) =>
        new[] { settings[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"], settings[Names[0]] }.FirstOrDefault(endpoint => !string.IsNullOrWhiteSpace(endpoint));

    public ValidateOptionsResult Validate(string? name, ServerSettings options)
    {
        string[] faults =
        [
            .. from variable in Names
               let endpoint = settings[variable]
               where !string.IsNullOrWhiteSpace(endpoint) && !(Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
               select $"{variable} is '{endpoint}'; give the collector's address, such as http://collector:4317, or leave it out.",
        ];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
