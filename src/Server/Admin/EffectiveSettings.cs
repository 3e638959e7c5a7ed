using System.Globalization;
using System.Reflection;
using Llama.Server.Configuration;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Llama.Server.Admin;

/// <summary>The settings that the server runs with, and where each came from. Secrets are not among them.</summary>
internal sealed class EffectiveSettings(IConfiguration configuration, LlamaOptions options)
{
    private const string Mask = "***";

    public IEnumerable<EffectiveSetting> All => ServerSections.All.SelectMany(section => Of(Under(section.Name), section.Type));

    private IEnumerable<EffectiveSetting> Of(string section, Type type)
    {
        object defaults = Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in SettingsBinder.PropertiesOf(type).Values)
        {
            string key = $"{section}:{property.Name}";
            if (SettingsBinder.IsSection(property.PropertyType))
            {
                foreach (EffectiveSetting nested in Of(key, property.PropertyType))
                    yield return nested;
                continue;
            }
            bool isSecret = property.GetCustomAttribute<SecretAttribute>() is not null;
            KeyValuePair<string, string>[] given = [.. Given(configuration.GetSection(key))];
            if (given.Length == 0)
                yield return new EffectiveSetting(key, Write(property.GetValue(defaults)), "default");
            foreach ((string place, string value) in given)
                yield return new EffectiveSetting(place, isSecret && value.Length > 0 ? Mask : value, SourceOf(configuration, place));
        }
    }

    /// <summary>The values at a key and below it, as lists have them.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Given(IConfigurationSection key)
    {
        IEnumerable<KeyValuePair<string, string>> below = key.GetChildren().SelectMany(Given);
        return key.Value is { Length: > 0 } value ? below.Prepend(KeyValuePair.Create(key.Path, value)) : below;
    }

    /// <summary>The provider that has the last word about a key.</summary>
    private static string SourceOf(IConfiguration configuration, string key)
    {
        foreach (IConfigurationProvider provider in (configuration as IConfigurationRoot)?.Providers.Reverse() ?? [])
        {
            if (provider.TryGet(key, out _))
                return provider is ChainedConfigurationProvider chained ? SourceOf(chained.Configuration, key) : NameOf(provider);
        }
        return "unknown";
    }

    private static string NameOf(IConfigurationProvider provider) => provider switch
    {
        FileConfigurationProvider file => file.Source.Path ?? "file",
        EnvironmentVariablesConfigurationProvider => "environment",
        CommandLineConfigurationProvider => "command line",
        _ => "application",
    };

    private static string? Write(object? value) => value switch
    {
        null => null,
        Array { Length: 0 } => "[]",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private string Under(string section) => SectionRegistration.Under(options.ConfigurationSection, section);
}
