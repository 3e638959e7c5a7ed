using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Configuration;

/// <summary>Finds origins that no browser would send.</summary>
internal sealed class OriginsValidator : IValidateOptions<GatewaySettings>
{
    public ValidateOptionsResult Validate(string? name, GatewaySettings options) => options.Cors.Faults("Gateway:Cors:Origins").ToResult();
}
