using Llama.Server.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Llama.Server.Hosting;

/// <summary>What the program sets up because the process is its own. In another application these things are that application's.</summary>
internal static class StandAlone
{
    public const string DefaultAddress = "http://localhost:8080";

    public static void AddStandAlone(this WebApplicationBuilder builder)
    {
        builder.Services.AddHostedService<StartupLines>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SecondSignal>());
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        // The host gives up on stopping some time after the drain has, never before it. Read unchecked: the host is made before the settings are checked.
        builder.Services.AddOptions<HostOptions>().Configure<SettingsSection<ServerSettings>>((host, section) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(10 + Math.Max(0, section.Read().DrainSeconds)));
        builder.UseDefaultAddress();
    }

    /// <summary>Not "Urls" in appsettings.json: that would win over ASPNETCORE_URLS.</summary>
    private static void UseDefaultAddress(this WebApplicationBuilder builder)
    {
        if (!Addresses(builder.Configuration).Any())
            builder.WebHost.UseUrls(DefaultAddress);
    }

    /// <summary>Where the settings want the server to listen; none for <see cref="DefaultAddress"/>. In the framework's order: endpoints, then addresses, then ports.</summary>
    public static IEnumerable<string> Addresses(IConfiguration settings)
    {
        if (settings.GetSection("Kestrel:Endpoints") is var endpoints && endpoints.Exists())
            return endpoints.GetChildren().Select(endpoint => endpoint["Url"] ?? "");
        return settings["urls"] is { } urls ? Split(urls)
            : Split(settings["http_ports"]).Select(port => $"http://*:{port}").Concat(Split(settings["https_ports"]).Select(port => $"https://*:{port}"));

        static string[] Split(string? list) => (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
