using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;

namespace Llama.Server.Web.Settings;

/// <summary>Names what nothing would read: words of the command line, and sections of the files of settings. (The environment is everybody's.)</summary>
internal sealed class UnknownSettings<T>(SettingNames names, string[] arguments, IConfiguration configuration) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options) => arguments.Concat(InFiles()).ToResult();

    private IEnumerable<string> InFiles() =>
        from file in (configuration as IConfigurationRoot)?.Providers.OfType<JsonConfigurationProvider>() ?? []
        from section in file.GetChildKeys([], null).Distinct(StringComparer.OrdinalIgnoreCase)
        let fault = FaultOf(section, file)
        where fault is not null
        select $"{file.Source.Path} {fault}";

    private string? FaultOf(string section, JsonConfigurationProvider file) =>
        !names.IsKnown(section) ? $"has a section '{section}', which nothing reads; {(names.Meant(section) is { } meant ? $"did you mean {meant}?" : $"there are {names.Sections}.")}"
        : names.IsSection(section) && file.TryGet(section, out string? value) && !string.IsNullOrEmpty(value) ? $"gives the section '{section}' one value; its settings go as \"{section}\": {{ \"Key\": value }}."
        : null;
}
