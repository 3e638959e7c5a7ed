namespace Llama.Server.Auth;

/// <summary>Registration of the keys.</summary>
internal static class AuthRegistration
{
    public static IServiceCollection AddApiKeys(this IServiceCollection services) => services.AddSingleton<ApiKeys>();

    public static IApplicationBuilder UseApiKeys(this IApplicationBuilder app) => app.UseMiddleware<ApiKeyMiddleware>();
}
