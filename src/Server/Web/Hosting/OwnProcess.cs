using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;

namespace Llama.Server.Web.Hosting;

/// <summary>What each program of ours sets up because the process is its own. In another application these things are that application's.</summary>
internal static class OwnProcess
{
    private const int LastAnswersSeconds = 10;

    public static void AddOwnProcess<TSettings>(this WebApplicationBuilder builder)
        where TSettings : class, IProgramSettings, new()
    {
        IServiceCollection services = builder.Services;
        services.AddHostedService(provider => provider.GetRequiredService<SecondSignal>());
        services.AddOtherOrigins<TSettings>();
        services.AddCertificates();
        services.AddConnectionLimits();
        services.AddPlainHeaders();
        // The host gives up on stopping some time after the drain has, never before it. Read unchecked: the host is made before the settings are checked.
        services.AddOptions<HostOptions>().Configure<SettingsSection<TSettings>>((host, section) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(LastAnswersSeconds + Math.Max(0, section.Read().DrainSeconds)));
        builder.UseDefaultAddress();
    }
}
