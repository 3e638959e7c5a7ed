using Llama.Server.Configuration;
using Llama.Server.Telemetry;
using Llama.Server.Web.Hosting;
using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Hosting;

/// <summary>What the program sets up because the process is its own. In another application these things are that application's.</summary>
internal static class StandAlone
{
    /// <param name="builder">The program.</param>
    /// <param name="faults">What is wrong with its command line.</param>
    public static void AddStandAlone(this WebApplicationBuilder builder, params string[] faults)
    {
        builder.Services.AddUnknownSettings<ServerSettings>(ServerSections.Names, faults);
        builder.Services.AddHostedService<StartupLines>();
        builder.Services.AddOtherOrigins<ServerSettings>();
        builder.Services.AddCertificates();
        builder.Services.AddConnectionLimits();
        builder.Services.AddPlainHeaders();
        builder.Services.AddSingleton<IValidateOptions<ServerSettings>, OtlpValidator>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SecondSignal>());
        // The host gives up on stopping some time after the drain has, never before it. Read unchecked: the host is made before the settings are checked.
        builder.Services.AddOptions<HostOptions>().Configure<SettingsSection<ServerSettings>>((host, section) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(10 + Math.Max(0, section.Read().DrainSeconds)));
        builder.UseDefaultAddress();
    }
}
