using Llama.Gateway.Configuration;
using Llama.Server.Web.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Hosting;

/// <summary>Says where the gateway listens and before what.</summary>
internal sealed partial class StartupLine(IServer server, IOptions<GatewaySettings> settings, ILogger<StartupLine> logger) : HostMoments
{
    /// <summary>A port chosen by the system is known now.</summary>
    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (string address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            Log.Listening(logger, address, string.Join(", ", settings.Value.Replicas));
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Listening on {Address} before {Replicas}")]
        public static partial void Listening(ILogger logger, string address, string replicas);
    }
}
