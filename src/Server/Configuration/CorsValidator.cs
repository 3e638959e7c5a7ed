using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds origins that no browser would send, and any at all inside another application, which has its own CORS.</summary>
internal sealed class CorsValidator(bool isStandAlone) : IValidateOptions<ServerSettings>
{
    public ValidateOptionsResult Validate(string? name, ServerSettings settings) => settings.Cors.Origins.Length > 0 && !isStandAlone
        ? ValidateOptionsResult.Fail("Server:Cors is for the stand-alone program; use the application's own AddCors and RequireCors.")
        : settings.Cors.Faults("Server:Cors:Origins").ToResult();
}
