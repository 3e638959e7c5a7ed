using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Telemetry;
using Llama.Server.Web.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Llama.Server.Hosting;

/// <summary>Says where the server listens, and warns when anyone may call it from elsewhere.</summary>
internal sealed partial class StartupLines(
    IServer host, ApiKeys keys, ModelIdentity identity, IConfiguration settings, IHostEnvironment environment, IOptions<ServerSettings> server, ILogger<StartupLines> logger) : HostMoments
{
    /// <summary>A port chosen by the system is known now; and a model that cannot be served is told behind these lines.</summary>
    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        ICollection<string> addresses = host.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (string address in addresses)
            Log.Listening(logger, address, address.TrimEnd('/'));
        Log.Loading(logger, identity.Name, identity.Folder);
        if (keys.AreOpen && addresses.Any(address => !ListenAddress.IsLoopback(BindingAddress.Parse(address))))
            Log.Open(logger);
        if (UnreadSettings.Find(Directory.GetCurrentDirectory(), environment.ContentRootPath) is { } unread)
            Log.Unread(logger, unread, environment.ContentRootPath);
        WriteTelemetry(server.Value.RecordText);
        return Task.CompletedTask;
    }

    private void WriteTelemetry(string recordText)
    {
        if (OtlpEndpoints.Traces(settings) is { } traces)
            Log.Exporting(logger, "Spans", traces, TextRecorder.IsForTraces(recordText) ? "with the text of prompts and answers" : Log.NoText);
        if (OtlpEndpoints.Metrics(settings) is { } metrics)
            Log.Exporting(logger, "Metrics", metrics, Log.NoText);
        if (recordText != "none")
            Log.RecordingText(logger, recordText);
    }

    private static partial class Log
    {
        public const string NoText = "without a word of any prompt or answer";

        [LoggerMessage(LogLevel.Information, "Listening on {Address} (open it in a browser to chat, {Base}/swagger to try the API)")]
        public static partial void Listening(ILogger logger, string address, string @base);

        [LoggerMessage(LogLevel.Information, "Loading {Name} from {Folder}")]
        public static partial void Loading(ILogger logger, string name, string folder);

        [LoggerMessage(LogLevel.Information, "{Signal} go to {Endpoint}, {Text}")]
        public static partial void Exporting(ILogger logger, string signal, string endpoint, string text);

        [LoggerMessage(LogLevel.Warning, "What people ask and are answered is recorded: Server:RecordText is {Where}.")]
        public static partial void RecordingText(ILogger logger, string where);

        [LoggerMessage(LogLevel.Warning, "{Unread} is not read: settings come from appsettings.json in {Folder}, the environment and the command line.")]
        public static partial void Unread(ILogger logger, string unread, string folder);

        [LoggerMessage(LogLevel.Warning, "Anyone who reaches this address may call: no key is set (Auth:ApiKeys) and the server listens beyond this machine.")]
        public static partial void Open(ILogger logger);
    }
}
