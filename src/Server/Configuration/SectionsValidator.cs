using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Finds sections that nothing reads, under a root where all sections are ours.</summary>
internal sealed class SectionsValidator(string root, IConfiguration configuration) : IValidateOptions<ModelSettings>
{
    public ValidateOptionsResult Validate(string? name, ModelSettings options)
    {
        IEnumerable<string> faults =
            from section in configuration.GetSection(root).GetChildren()
            where !ServerSections.All.Any(own => own.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase))
            select $"{section.Path} is not a section of settings; there are {ServerSections.Names.Sections}.";
        return faults.ToResult();
    }
}
