namespace Llama.Server.Client;

/// <summary>Registration of the clients in this process, which <see cref="LlamaHosting"/> shows under the interfaces of Microsoft.Extensions.AI.</summary>
internal static class ClientRegistration
{
    public static IServiceCollection AddClients(this IServiceCollection services) => services.AddSingleton<LlamaChatClient>().AddSingleton<LlamaEmbeddingGenerator>();
}
