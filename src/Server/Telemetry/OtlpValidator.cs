using System.Buffers;
using Llama.Server.Configuration;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Telemetry;

/// <summary>Finds what OpenTelemetry's variables say of a collector and the exporter cannot do: it would pass over an address or a protocol, send nothing for some headers, and throw for others.</summary>
internal sealed class OtlpValidator(IConfiguration settings) : IValidateOptions<ServerSettings>
{
    private const string Prefix = "OTEL_EXPORTER_OTLP_";

    private static readonly string[] Signals = ["", "TRACES_", "METRICS_"];

    private static readonly SearchValues<char> NameChars = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"); // RFC 9110, token

    public ValidateOptionsResult Validate(string? name, ServerSettings options) => Faults(settings).ToResult();

    /// <summary>A sentence for each variable.</summary>
    public static IEnumerable<string> Faults(IConfiguration settings)
    {
        IEnumerable<string> faults = Faults(settings, "ENDPOINT", endpoint => Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https",
            value => $"is '{value}'; give the collector's address, such as http://collector:4317, or leave it out.");
        if (OtlpEndpoints.Traces(settings) is null && OtlpEndpoints.Metrics(settings) is null)
            return faults; // nobody asks for the others
        return faults
            .Concat(Faults(settings, "PROTOCOL", protocol => protocol is "grpc" or "http/protobuf", value => $"is '{value}'; give grpc or http/protobuf, or leave it out for grpc."))
            .Concat(Faults(settings, "HEADERS", AreHeaders, _ => "are not name=value, one behind the other with commas; a value may hold no comma, nor what is not ASCII.")); // they are secret
    }

    private static IEnumerable<string> Faults(IConfiguration settings, string what, Func<string, bool> isRight, Func<string, string> fault) =>
        from variable in Signals.Select(signal => Prefix + signal + what)
        let value = settings[variable]
        where !string.IsNullOrWhiteSpace(value) && !isRight(value)
        select $"{variable} {fault(value)}";

    /// <summary>As the exporter reads them: what is percent-encoded is decoded before commas are looked for.</summary>
    private static bool AreHeaders(string headers) => Uri.UnescapeDataString(headers).TrimEnd(',').Split(',').All(IsHeader);

    private static bool IsHeader(string header) =>
        header.Split('=', 2) is [var name, var value] && name.Trim() is { Length: > 0 } trimmed && !trimmed.AsSpan().ContainsAnyExcept(NameChars)
        && !value.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
