using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds origins that no browser would send, and settings that are another's affair.</summary>
internal sealed class CorsValidator(bool isStandAlone) : IValidateOptions<ServerSettings>
{
    public ValidateOptionsResult Validate(string? name, ServerSettings settings)
    {
        if (settings.Cors.Origins.Length > 0 && !isStandAlone)
            return ValidateOptionsResult.Fail("Server:Cors is for the stand-alone program; use the application's own AddCors and RequireCors.");
        string[] faults = [.. settings.Cors.Faults("Server:Cors:Origins")];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
