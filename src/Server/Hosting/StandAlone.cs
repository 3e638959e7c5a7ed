using Llama.Server.Configuration;
using Llama.Server.Telemetry;
using Llama.Server.Web.Hosting;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Server.Hosting;

/// <summary>What the server sets up because the process is its own.</summary>
internal static class StandAlone
{
    /// <param name="builder">The program.</param>
    /// <param name="faults">What is wrong with its command line.</param>
    public static void AddStandAlone(this WebApplicationBuilder builder, params string[] faults)
    {
        builder.Services.AddUnknownSettings<ServerSettings>(ServerSections.Names, faults);
        builder.Services.AddHostedService<StartupLines>();
        builder.Services.AddSingleton<IValidateOptions<ServerSettings>, OtlpValidator>();
        builder.AddOwnProcess<ServerSettings>();
    }
}
