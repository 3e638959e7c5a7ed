using Llama.Gateway.Configuration;
using Llama.Gateway.Streaming;
using Llama.Server.Web.Hosting;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Hosting;

/// <summary>What the gateway sets up because the process is its own.</summary>
internal static class GatewayHost
{
    public static void AddGatewayHost(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<SecondSignal>();
        services.AddSingleton<Drain>().AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddSingleton(provider => new StreamLimits(
            TimeSpan.FromSeconds(provider.GetRequiredService<IOptions<GatewaySettings>>().Value.AnswerSeconds), provider.GetRequiredService<Drain>().Cut, provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<StartupLine>();
        builder.AddOwnProcess<GatewaySettings>();
    }
}
