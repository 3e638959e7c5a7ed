using Microsoft.Extensions.Options;

namespace Llama.Gateway.Configuration;

/// <summary>Finds origins that no browser would send.</summary>
internal sealed class OriginsValidator : IValidateOptions<GatewaySettings>
{
    public ValidateOptionsResult Validate(string? name, GatewaySettings options)
    {
        string[] faults = [.. options.Cors.Faults("Gateway:Cors:Origins")];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
