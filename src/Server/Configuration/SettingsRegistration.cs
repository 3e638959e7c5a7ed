using System.Globalization;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Registration of the settings.</summary>
internal static class SettingsRegistration
{
    public static void AddSettings(this IHostApplicationBuilder builder, LlamaOptions options)
    {
        string root = options.ConfigurationSection;
        if (options.Settings.Count > 0)
            builder.Configuration.AddInMemoryCollection(options.Settings.Select(setting => KeyValuePair.Create(Under(root, setting.Key), setting.Value)));
        IServiceCollection services = builder.Services;
        services.AddSection<ModelSettings, ModelSettingsValidator>(root, "Model");
        services.AddCheck<ModelSettings, ModelFolderValidator>(root);
        services.AddCheck<ModelSettings, OutlierThresholdValidator>(root);
        services.AddSection<SchedulerSettings, SchedulerSettingsValidator>(root, "Scheduler");
        services.AddSection<ServerSettings, ServerSettingsValidator>(root, "Server");
        services.AddSection<AuthSettings, AuthSettingsValidator>(root, "Auth");
        if (root.Length > 0) // at the root the other sections are the application's
            services.AddSingleton<IValidateOptions<ModelSettings>>(provider => new SectionNames(root, provider.GetRequiredService<IConfiguration>()));
    }

    /// <summary>All that is wrong with the settings, one line each.</summary>
    public static string Describe(IEnumerable<OptionsValidationException> faults)
    {
        string[] lines = [.. faults.SelectMany(fault => fault.Failures)];
        return string.Create(CultureInfo.InvariantCulture, $"The settings have {lines.Length} fault(s):{string.Concat(lines.Select(line => $"\n  - {line}"))}");
    }

    private static void AddSection<T, TValidator>(this IServiceCollection services, string root, string section)
        where T : class, new()
        where TValidator : class, IValidateOptions<T>
    {
        services.AddSingleton(provider => new SettingsSection<T>(Under(root, section), provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<IConfigureOptions<T>>(provider => provider.GetRequiredService<SettingsSection<T>>());
        services.AddSingleton<IValidateOptions<T>>(provider => provider.GetRequiredService<SettingsSection<T>>());
        services.AddCheck<T, TValidator>(root);
        services.AddOptions<T>().ValidateOnStart();
    }

    private static void AddCheck<T, TValidator>(this IServiceCollection services, string root)
        where T : class
        where TValidator : class, IValidateOptions<T> =>
        services.AddSingleton<IValidateOptions<T>>(provider => new KeyedFaults<T>(root, ActivatorUtilities.CreateInstance<TValidator>(provider)));

    private static string Under(string root, string key) => root.Length == 0 ? key : $"{root}:{key}";
}
