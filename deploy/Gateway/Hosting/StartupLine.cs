using Llama.Gateway.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Hosting;

/// <summary>Says where the gateway listens and before what.</summary>
internal sealed partial class StartupLine(IServer server, IOptions<GatewaySettings> settings, IHostApplicationLifetime lifetime, ILogger<StartupLine> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Write); // a port chosen by the system is known then
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Write()
    {
        foreach (string address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            Log.Listening(logger, address, string.Join(", ", settings.Value.Replicas));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Listening on {Address} before {Replicas}")]
        public static partial void Listening(ILogger logger, string address, string replicas);
    }
}
