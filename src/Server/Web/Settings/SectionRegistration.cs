using Microsoft.Extensions.Options;

namespace Llama.Server.Web.Settings;

/// <summary>Registration of one section of settings, read as far as it can be and checked before start.</summary>
internal static class SectionRegistration
{
    /// <param name="services">Where to.</param>
    /// <param name="root">The section that all of ours lie under; empty for none.</param>
    /// <param name="section">Its name below that.</param>
    public static void AddSection<T, TValidator>(this IServiceCollection services, string root, string section)
        where T : class, new()
        where TValidator : class, IValidateOptions<T>
    {
        services.AddSingleton(provider => new SettingsSection<T>(Under(root, section), provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<IConfigureOptions<T>>(provider => provider.GetRequiredService<SettingsSection<T>>());
        services.AddSingleton<IValidateOptions<T>>(provider => provider.GetRequiredService<SettingsSection<T>>());
        services.AddCheck<T, TValidator>(root);
        services.AddOptions<T>().ValidateOnStart();
    }

    /// <summary>Adds a further check of a section.</summary>
    public static void AddCheck<T, TValidator>(this IServiceCollection services, string root)
        where T : class
        where TValidator : class, IValidateOptions<T> =>
        services.AddSingleton<IValidateOptions<T>>(provider => new KeyedFaults<T>(root, ActivatorUtilities.CreateInstance<TValidator>(provider)));

    /// <summary>Adds a check of a program's own: what its files and its command line hold that nothing would read.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="names">What settings may begin with.</param>
    /// <param name="arguments">What is wrong with the command line.</param>
    public static void AddUnknownSettings<T>(this IServiceCollection services, SettingNames names, string[] arguments)
        where T : class =>
        services.AddSingleton<IValidateOptions<T>>(provider => new UnknownSettings<T>(names, arguments, provider.GetRequiredService<IConfiguration>()));

    public static string Under(string root, string key) => root.Length == 0 ? key : $"{root}:{key}";
}
