using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds origins that no browser would send.</summary>
internal sealed class CorsValidator(bool isStandAlone) : IValidateOptions<ServerSettings>
{
    public ValidateOptionsResult Validate(string? name, ServerSettings settings)
    {
        string[] origins = settings.Cors.Origins;
        if (origins.Length > 0 && !isStandAlone)
            return ValidateOptionsResult.Fail("Server:Cors is for the stand-alone program; use the application's own AddCors and RequireCors.");
        string[] faults = [.. origins.Where(origin => !IsOrigin(origin)).Select(origin =>
            $"Server:Cors:Origins has '{origin}'; give scheme, host and port alone, such as https://app.example.com, or * for all.")];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static bool IsOrigin(string text) =>
        text == "*" || (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && text.Equals(uri.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase));
}
