using Llama.Model;

namespace Llama.Server.Hosting;

/// <summary>Registration of the engine.</summary>
internal static class HostingRegistration
{
    public static IServiceCollection AddEngine(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(Random.Shared);
        services.AddSingleton<ModelIdentity>();
        services.AddSingleton<LoadModel>(options =>
        {
            ModelRunner runner = ModelRunner.Load(options);
            return new LoadedModel(runner, runner.Description);
        });
        services.AddHostedService<StartupLines>();
        services.AddSingleton<EngineHost>();
        return services.AddHostedService(provider => provider.GetRequiredService<EngineHost>());
    }
}
