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
        where !names.IsKnown(section)
        select $"{file.Source.Path} has a section '{section}', which nothing reads; there are {names.Sections}.";
}
