using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Limits;

/// <summary>Registration of the limits.</summary>
internal static class LimitsRegistration
{
    public static IServiceCollection AddLimits(this IServiceCollection services) => services
        .AddSingleton<KeyMetrics>()
        .AddSingleton(provider => new LocalLimits(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<RateLimitsSettings>>().Value.Replicas))
        .AddSingleton<RequestLimits>()
        .AddSingleton(provider => new RedisScripts(provider.GetRequiredService<IOptions<RateLimitsSettings>>().Value.RedisPrefix))
        .AddSingleton<RedisPresence>()
        .AddHostedService(provider => provider.GetRequiredService<RedisPresence>())
        .AddSingleton<RedisLimits>()
        .AddSingleton<ILimitStore>(provider =>
            provider.GetRequiredService<IOptions<RateLimitsSettings>>().Value.Redis.Length > 0 ? provider.GetRequiredService<RedisLimits>() : provider.GetRequiredService<LocalLimits>());
}
