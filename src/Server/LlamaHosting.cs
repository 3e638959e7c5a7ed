using Llama.Server.Admin;
using Llama.Server.Auth;
using Llama.Server.Chat;
using Llama.Server.Client;
using Llama.Server.Configuration;
using Llama.Server.Embeddings;
using Llama.Server.Generating;
using Llama.Server.Health;
using Llama.Server.Hosting;
using Llama.Server.Limits;
using Llama.Server.Pages;
using Llama.Server.Responses;
using Llama.Server.Routing;
using Llama.Server.Telemetry;
using Llama.Server.Watching;
using Microsoft.Extensions.AI;

namespace Llama.Server;

/// <summary>Puts the engine into an application.</summary>
public static class LlamaHosting
{
    /// <summary>
    /// Adds the engine: it loads its model while the application starts and is drained before it stops, for as long as <c>Server:DrainSeconds</c> and the application's own
    /// <see cref="HostOptions.ShutdownTimeout"/> allow. Reach it by <see cref="LlamaEndpoints.MapOpenAI"/>, by <see cref="AddLlamaChatClient"/>, or by both: they share its queue.
    /// </summary>
    /// <param name="builder">The application, of ASP.NET Core or a worker.</param>
    /// <param name="configure">Changes the defaults of <see cref="LlamaOptions"/>.</param>
    /// <exception cref="InvalidOperationException">It was called before: an application has one engine.</exception>
    public static IHostApplicationBuilder AddLlama(this IHostApplicationBuilder builder, Action<LlamaOptions>? configure = null)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(EngineHost)))
            throw new InvalidOperationException("AddLlama was called before: an application has one engine, which serves one model.");
        var options = new LlamaOptions();
        configure?.Invoke(options);
        builder.AddSettings(options);
        builder.Services.AddEngine(options)
            .AddAuth().AddLimits().AddGenerating().AddChat().AddResponses().AddEmbeddings().AddClients()
            .AddHealth().AddServerMetrics().AddAdmin().AddWatching().AddPages().AddApiPipeline();
        return builder;
    }

    /// <summary>
    /// Registers an <see cref="IChatClient"/> on the engine in this process. A call waits while the model is being loaded; what HTTP would answer with an error is thrown as
    /// <see cref="LlamaException"/>, and what no <see cref="ChatOptions"/> here can be held to as <see cref="NotSupportedException"/>.
    /// </summary>
    /// <param name="services">Services of an application that <see cref="AddLlama"/> put the engine into.</param>
    /// <param name="decorate">Wraps the client, e.g. <c>(_, client) => client.AsBuilder().UseFunctionInvocation().Build()</c>.</param>
    /// <param name="serviceKey">Key to register it under, beside other chat clients; null for none.</param>
    public static IServiceCollection AddLlamaChatClient(
        this IServiceCollection services, Func<IServiceProvider, IChatClient, IChatClient>? decorate = null, object? serviceKey = null) =>
        services.AddClient<IChatClient, LlamaChatClient>(decorate, serviceKey);

    /// <summary>
    /// Registers an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> on the engine in this process: the vectors of <c>/v1/embeddings</c>. It waits and throws as the chat
    /// client does.
    /// </summary>
    /// <param name="services">Services of an application that <see cref="AddLlama"/> put the engine into.</param>
    /// <param name="decorate">Wraps the generator.</param>
    /// <param name="serviceKey">Key to register it under, beside other generators; null for none.</param>
    public static IServiceCollection AddLlamaEmbeddingGenerator(
        this IServiceCollection services,
        Func<IServiceProvider, IEmbeddingGenerator<string, Embedding<float>>, IEmbeddingGenerator<string, Embedding<float>>>? decorate = null,
        object? serviceKey = null) =>
        services.AddClient<IEmbeddingGenerator<string, Embedding<float>>, LlamaEmbeddingGenerator>(decorate, serviceKey);

    private static IServiceCollection AddClient<TClient, TOwn>(this IServiceCollection services, Func<IServiceProvider, TClient, TClient>? decorate, object? serviceKey)
        where TClient : class
        where TOwn : class, TClient =>
        services.AddKeyedSingleton<TClient>(serviceKey, (provider, _) =>
        {
            TClient client = provider.GetService<TOwn>() ?? throw new InvalidOperationException(Missing);
            return decorate is null ? client : decorate(provider, client);
        });

    internal const string Missing = "There is no engine in this application: call builder.AddLlama() first.";
}
