using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Configuration;

/// <summary>Registration of the settings.</summary>
internal static class GatewaySettingsRegistration
{
    public static IServiceCollection AddGatewaySettings(this IServiceCollection services)
    {
        services.AddSection<GatewaySettings, GatewaySettingsValidator>(root: "", "Gateway");
        services.AddCheck<GatewaySettings, ReplicasValidator>(root: "");
        services.AddCheck<GatewaySettings, OriginsValidator>(root: "");
        return services.AddSingleton(provider => new LargestBody(provider.GetRequiredService<IOptions<GatewaySettings>>().Value.MaxRequestBodyBytes, "Gateway:MaxRequestBodyBytes"));
    }
}
