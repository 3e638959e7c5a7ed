using System.Globalization;
using Serilog;
using Serilog.Events;

namespace Llama.Server.Telemetry;

/// <summary>Registration of the log: the console, quiet about the framework. Section <c>Serilog</c> of the settings can change all of it.</summary>
internal static class LoggingRegistration
{
    public static void AddLogging(this WebApplicationBuilder builder) => builder.Services.AddSerilog((_, log) => log
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal) // a failed start is told in one sentence at the end
        .WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:l}{NewLine}{Exception}", formatProvider: CultureInfo.InvariantCulture)
        .ReadFrom.Configuration(builder.Configuration));
}
