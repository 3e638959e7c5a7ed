using Llama.Gateway.Configuration;
using Llama.Gateway.Forwarding;
using Llama.Gateway.Health;
using Llama.Gateway.Telemetry;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Hosting;
using Llama.Server.Web.Logging;
using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;

namespace Llama.Gateway.Hosting;

/// <summary>What the program is made of.</summary>
internal static class GatewayApp
{
    public static WebApplication Build(string[] args)
    {
        var names = new SettingNames(("Gateway", typeof(GatewaySettings)));
        var arguments = new ServeArguments(args, names);
        WebApplicationBuilder builder = ProgramBuilder.Create(arguments.Settings);
        builder.Services.AddGatewaySettings().AddUnknownSettings<GatewaySettings>(names, arguments.Faults);
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
        app.UseRouting();
        app.UseOtherOrigins<GatewaySettings>();
        app.MapGatewayHealth();
        app.MapGatewayMetrics();
        app.MapReplicas();
    }
}
