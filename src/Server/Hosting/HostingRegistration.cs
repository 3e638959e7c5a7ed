using Llama.Model;
using Llama.Server.Web.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Llama.Server.Hosting;

/// <summary>Registration of the engine.</summary>
internal static class HostingRegistration
{
    public static IServiceCollection AddEngine(this IServiceCollection services, LlamaOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<ModelIdentity>();
        services.AddSingleton<LoadModel>(settings =>
        {
            ModelRunner runner = ModelRunner.Load(settings);
            return new LoadedModel(runner, runner.Description) { MeasureStream = runner.MeasureStream };
        });
        services.AddSingleton<SecondSignal>();
        services.AddSingleton<RequestsUnderWay>();
        services.AddSingleton<EngineHost>();
        return services.AddHostedService(provider => provider.GetRequiredService<EngineHost>());
    }
}
