using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Refuses sections that no setting reads, where all that lies beside ours would be ours.</summary>
internal sealed class SectionNames(string root, IConfiguration configuration) : IValidateOptions<ModelSettings>
{
    public ValidateOptionsResult Validate(string? name, ModelSettings options)
    {
        string[] faults =
        [
            .. from section in configuration.GetSection(root).GetChildren()
               where !ServerSections.All.Any(own => own.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase))
               select $"{section.Path} is not a section of settings; there are {ServerSections.Names.Sections}.",
        ];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
