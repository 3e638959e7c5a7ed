using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Telemetry;
using Microsoft.Extensions.Options;

namespace Llama.Server.CommandLine;

/// <summary>The server's services for a verb: the same settings from the same places, checked; nothing is started.</summary>
internal static class VerbServices
{
    /// <param name="settings">As <c>--Section:Key=value</c>.</param>
    /// <exception cref="VerbException">Settings are wrong; with every fault.</exception>
    public static WebApplication Build(string[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
        builder.AddLlama(llama => llama.ConfigurationSection = "");
        builder.AddLogging();
        WebApplication app = builder.Build();
        try
        {
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            return app;
        }
        catch (Exception exception) when (ServerRun.SettingsFaults(exception) is { Length: > 0 } faults)
        {
            throw new VerbException(SettingsRegistration.Describe(faults));
        }
    }
}
