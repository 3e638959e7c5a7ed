using Llama.Model;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Web.Hosting;
using Llama.Server.Web.Logging;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.CommandLine;

/// <summary>The server's services for a verb: the same settings from the same places, checked; nothing is started.</summary>
internal static class VerbServices
{
    /// <param name="settings">As <c>--Section:Key=value</c>.</param>
    /// <exception cref="VerbException">Settings are wrong; with every fault.</exception>
    public static WebApplication Build(string[] settings)
    {
        WebApplication app = BuildUnchecked(settings);
        return SettingsFaults.Find(app.Services) is { Length: > 0 } faults ? throw new VerbException(SettingsFaults.Describe(faults)) : app;
    }

    /// <summary>The services with settings that may be wrong.</summary>
    /// <exception cref="InvalidDataException">A file of settings cannot be read; in words.</exception>
    public static WebApplication BuildUnchecked(string[] settings) => Build(settings, (builder, faults) => builder.Services.AddUnknownSettings<ServerSettings>(ServerSections.Names, faults));

    /// <summary>The same with what the program that serves has beside the engine: its validators, and its web server.</summary>
    /// <exception cref="InvalidDataException">A file of settings cannot be read; in words.</exception>
    public static WebApplication BuildServer(string[] settings) => Build(settings, (builder, faults) => builder.AddStandAlone(faults));

    private static WebApplication Build(string[] settings, Action<WebApplicationBuilder, string[]> add)
    {
        var arguments = new ServeArguments(settings, ServerSections.Names);
        WebApplicationBuilder builder = ProgramBuilder.Create(arguments.Settings);
        builder.AddLlama(llama => llama.ConfigurationSection = "");
        add(builder, arguments.Faults);
        builder.AddLogging("Server:LogFormat");
        return builder.Build();
    }

    /// <summary>A section of settings that may be wrong, as far as it can be read.</summary>
    public static T ReadUnchecked<T>(WebApplication app)
        where T : class, new() => app.Services.GetRequiredService<SettingsSection<T>>().Read();

    /// <summary>What is to be loaded, and how, by settings that have been checked.</summary>
    public static ModelOptions ModelOptions(WebApplication app) => app.Services.GetRequiredService<IOptions<ModelSettings>>().Value.ToOptions(
        app.Services.GetRequiredService<ModelIdentity>().Folder, app.Services.GetRequiredService<IOptions<SchedulerSettings>>().Value);
}
