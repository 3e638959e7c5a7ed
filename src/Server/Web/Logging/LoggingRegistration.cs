using System.Globalization;
using Llama.Server.Web.Hosting;
using Serilog;
using Serilog.Configuration;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Llama.Server.Web.Logging;

/// <summary>Registration of the log: the console, quiet about the framework. Section <c>Serilog</c> of the settings can change all of it.</summary>
internal static class LoggingRegistration
{
    /// <param name="builder">The program.</param>
    /// <param name="formatKey">The setting that says <c>console</c> or <c>json</c>; unchecked, since faults in settings are logged too.</param>
    /// <param name="traced">A category of which all is wanted, down to what is written at Trace; null for none.</param>
    public static void AddLogging(this WebApplicationBuilder builder, string formatKey, string? traced = null)
    {
        SelfLog.Enable(static line => StandardError.TryWriteLine(WithoutStack(line))); // a sink that is not there or cannot write would be silent about it
        LogFault fault = new();
        builder.Services.AddSingleton(fault);
        builder.Services.AddSerilog((_, log) => Make(log, builder.Configuration, formatKey, traced, fault), preserveStaticLogger: true); // several programs in one process, as in tests, log each to its own, and none ends another's
    }

    /// <summary>What a sink says of a full disk, say, without the code that it met it in.</summary>
    internal static string WithoutStack(string line) => line.Split("\n   at ")[0].TrimEnd();

    private static void Make(LoggerConfiguration log, IConfiguration configuration, string formatKey, string? traced, LogFault fault)
    {
        log.MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal) // a failed start is told in one sentence at the end
            .Enrich.FromLogContext(); // the request's id, on what is logged while it is answered
        if (traced is not null)
            log.MinimumLevel.Override(traced, LogEventLevel.Verbose);
        bool isJson = string.Equals(configuration[formatKey], "json", StringComparison.OrdinalIgnoreCase);
        if (!isJson)
            log.Enrich.With<TraceOfLine>();
        log.WriteTo.OwnConsole(isJson);
        if (configuration.GetSection("Serilog").Exists()) // looking for sinks takes time, and fails where the program's path has a ';'
            fault.Watch(() => log.ReadFrom.Configuration(configuration));
    }

    /// <summary>JSON has what lines have, each value by its name, and the trace and span that a line belongs to (<c>@tr</c>, <c>@sp</c>).</summary>
    private static LoggerConfiguration OwnConsole(this LoggerSinkConfiguration sink, bool isJson) => isJson
        ? sink.Console(new RenderedCompactJsonFormatter())
        : sink.Console(outputTemplate: $"{{Timestamp:HH:mm:ss}} {{Level:u3}} {{Message:l}}{{{TraceOfLine.Property}:l}}{{NewLine}}{{Exception}}", formatProvider: CultureInfo.InvariantCulture);
}
