namespace Llama.Server.Auth;

/// <summary>Registration of the keys.</summary>
internal static class AuthRegistration
{
    public static IServiceCollection AddAuth(this IServiceCollection services) => services.AddSingleton<ApiKeys>().AddHostedService<KeysFileWatch>().AddSingleton<OperatorKeys>();
}
