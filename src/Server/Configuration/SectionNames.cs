using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Refuses sections that no setting reads, where all that lies beside ours would be ours.</summary>
internal sealed class SectionNames(string root, IConfiguration configuration) : IValidateOptions<ModelSettings>
{
    private static readonly string[] Known = ["Model", "Scheduler", "Server", "Auth", "RateLimits"];

    public ValidateOptionsResult Validate(string? name, ModelSettings options)
    {
        string[] faults =
        [
            .. from section in configuration.GetSection(root).GetChildren()
               where !Known.Contains(section.Key, StringComparer.OrdinalIgnoreCase)
               select $"{section.Path} is not a section of settings; there are {string.Join(", ", Known)}.",
        ];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
