using Llama.Gateway.Configuration;
using Llama.Gateway.Forwarding;
using Llama.Gateway.Health;
using Llama.Gateway.Telemetry;
using Llama.Server.Errors;
using Llama.Server.Hosting;
using Llama.Server.Telemetry;

namespace Llama.Gateway.Hosting;

/// <summary>What the program is made of.</summary>
internal static class GatewayApp
{
    /// <summary>The settings from all their places, and nothing yet that reads them.</summary>
    public static WebApplicationBuilder Builder(string[] args) =>
        WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    public static WebApplication Build(string[] args)
    {
        WebApplicationBuilder builder = Builder(args);
        builder.Services.AddGatewaySettings();
        builder.AddGatewayHost();
        builder.AddLogging("Gateway:LogFormat");
        builder.Services.AddGatewayMetrics();
        builder.AddReplicas();
        return builder.Build();
    }

    /// <summary>Maps the routes; the settings must be right.</summary>
    public static void Map(WebApplication app)
    {
        app.UseMiddleware<RequestId>();
        app.UseMiddleware<RequestLine>();
        app.UseMiddleware<ThrownErrors>();
        app.UseHeadAsGet();
        app.UseRouting();
        app.UseOtherOrigins<GatewaySettings>();
        app.MapGatewayHealth();
        app.MapGatewayMetrics();
        app.MapReplicas();
    }
}
