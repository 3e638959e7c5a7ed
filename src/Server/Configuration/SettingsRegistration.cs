using Llama.Server.Auth;
using Llama.Server.Limits;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Registration of the settings.</summary>
internal static class SettingsRegistration
{
    public static void AddSettings(this IHostApplicationBuilder builder, LlamaOptions options)
    {
        string root = options.ConfigurationSection;
        if (options.Settings.Count > 0)
            builder.Configuration.AddInMemoryCollection(options.Settings.Select(setting => KeyValuePair.Create(SectionRegistration.Under(root, setting.Key), setting.Value)));
        IServiceCollection services = builder.Services;
        services.AddSection<ModelSettings, ModelSettingsValidator>(root, "Model");
        services.AddCheck<ModelSettings, ModelFolderValidator>(root);
        services.AddCheck<ModelSettings, OutlierThresholdValidator>(root);
        services.AddCheck<ModelSettings, DevicesValidator>(root);
        services.AddSection<SchedulerSettings, SchedulerSettingsValidator>(root, "Scheduler");
        services.AddCheck<SchedulerSettings, TracePathValidator>(root);
        services.AddSection<ServerSettings, ServerSettingsValidator>(root, "Server");
        services.AddSingleton<IValidateOptions<ServerSettings>>(new KeyedFaults<ServerSettings>(root, new CorsValidator(isStandAlone: root.Length == 0)));
        services.AddSection<AuthSettings, AuthSettingsValidator>(root, "Auth");
        services.AddSection<RateLimitsSettings, RateLimitsSettingsValidator>(root, "RateLimits");
        services.AddCheck<RateLimitsSettings, RedisValidator>(root);
        if (root.Length > 0) // at the root the other sections are the application's
            services.AddSingleton<IValidateOptions<ModelSettings>>(provider => new SectionsValidator(root, provider.GetRequiredService<IConfiguration>()));
    }
}
