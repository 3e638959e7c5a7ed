using Llama.Gateway.Configuration;
using Llama.Gateway.Streaming;
using Llama.Server.Web.Hosting;
using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Hosting;

/// <summary>What the program sets up because the process is its own.</summary>
internal static class GatewayHost
{
    public static void AddGatewayHost(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<SecondSignal>().AddHostedService(provider => provider.GetRequiredService<SecondSignal>());
        services.AddSingleton<Drain>().AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddSingleton(provider => new StreamLimits(
            TimeSpan.FromSeconds(provider.GetRequiredService<IOptions<GatewaySettings>>().Value.AnswerSeconds), provider.GetRequiredService<Drain>().Cut, provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<StartupLine>();
        services.AddOtherOrigins<GatewaySettings>();
        services.AddCertificates();
        services.AddConnectionLimits();
        services.AddPlainHeaders();
        // The host gives up on stopping some time after the drain has, never before it. Read unchecked: the host is made before the settings are checked.
        services.AddOptions<HostOptions>().Configure<SettingsSection<GatewaySettings>>((host, section) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(5 + Math.Max(0, section.Read().DrainSeconds)));
        builder.UseDefaultAddress();
    }
}
