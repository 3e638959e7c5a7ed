using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Llama.Server.Configuration;

/// <summary>Registration of the settings and of what the host itself takes from them.</summary>
internal static partial class SettingsRegistration
{
    public const string DefaultAddress = "http://localhost:8080";

    public static void AddSettings(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddSection<ModelSettings, ModelSettingsValidator>("Model");
        services.AddSingleton<IValidateOptions<ModelSettings>, ModelFolderValidator>();
        services.AddSection<SchedulerSettings, SchedulerSettingsValidator>("Scheduler");
        services.AddSection<ServerSettings, ServerSettingsValidator>("Server");
        services.AddSection<AuthSettings, AuthSettingsValidator>("Auth");
        // Read unchecked: the host and Kestrel are made before the settings are checked.
        services.AddOptions<KestrelServerOptions>().Configure<SettingsSection<ServerSettings>>((kestrel, section) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Math.Max(0, section.Read().MaxRequestBodyBytes);
        });
        // The host gives up on stopping some time after the drain has, never before it.
        services.AddOptions<HostOptions>().Configure<SettingsSection<ServerSettings>>((host, section) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(10 + Math.Max(0, section.Read().DrainSeconds)));
        builder.UseDefaultAddress();
    }

    /// <summary>All that is wrong with the settings, one line each.</summary>
    public static string Describe(IEnumerable<OptionsValidationException> faults)
    {
        string[] lines = [.. faults.SelectMany(fault => fault.Failures).Select(WithKey)];
        return string.Create(CultureInfo.InvariantCulture, $"The settings have {lines.Length} fault(s):{string.Concat(lines.Select(line => $"\n  - {line}"))}");
    }

    private static void AddSection<T, TValidator>(this IServiceCollection services, string section)
        where T : class, new()
        where TValidator : class, IValidateOptions<T>
    {
        services.AddSingleton(provider => new SettingsSection<T>(section, provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<IConfigureOptions<T>>(provider => provider.GetRequiredService<SettingsSection<T>>());
        services.AddSingleton<IValidateOptions<T>>(provider => provider.GetRequiredService<SettingsSection<T>>());
        services.AddSingleton<IValidateOptions<T>, TValidator>();
        services.AddOptions<T>().ValidateOnStart();
    }

    /// <summary>Not "Urls" in appsettings.json: that would win over ASPNETCORE_URLS.</summary>
    private static void UseDefaultAddress(this WebApplicationBuilder builder)
    {
        IConfiguration settings = builder.Configuration;
        bool isSet = (settings["urls"] ?? settings["http_ports"] ?? settings["https_ports"]) is not null || settings.GetSection("Kestrel:Endpoints").Exists();
        if (!isSet)
            builder.WebHost.UseUrls(DefaultAddress);
    }

    /// <summary>Generated validators name the member in their own way; say the setting's key instead.</summary>
    private static string WithKey(string failure) =>
        GeneratedRange.Replace(GeneratedMember.Replace(failure, ""), "${section}:${key} must be");

    [GeneratedRegex("^The field (?<section>[A-Za-z]+)Settings.(?<key>[A-Za-z]+) must be")]
    private static partial Regex GeneratedRange { get; }

    [GeneratedRegex("^[A-Za-z]+: ")]
    private static partial Regex GeneratedMember { get; }
}
