using Llama.Server.Configuration;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Telemetry;

/// <summary>Finds addresses of a collector that cannot be read: the exporter itself would pass over them.</summary>
internal sealed class OtlpEndpointsValidator(IConfiguration settings) : IValidateOptions<ServerSettings>
{
    public ValidateOptionsResult Validate(string? name, ServerSettings options)
    {
        IEnumerable<string> faults =
            from variable in OtlpEndpoints.Variables
            let endpoint = settings[variable]
            where !string.IsNullOrWhiteSpace(endpoint) && !(Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
            select $"{variable} is '{endpoint}'; give the collector's address, such as http://collector:4317, or leave it out.";
        return faults.ToResult();
    }
}
