using Llama.Server.Chat;
using Llama.Server.Client;
using Llama.Server.Embeddings;
using Llama.Server.Guidance;
using Llama.Server.Streaming;

namespace Llama.Server.Generating;

/// <summary>Registration of what everything that generates shares.</summary>
internal static class GeneratingRegistration
{
    public static IServiceCollection AddGenerating(this IServiceCollection services) => services
        .AddSingleton<GrammarCache>()
        .AddSingleton<GuideFactory>()
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<RequestMapper>(provider, Random.Shared))
        .AddSingleton<ChatPlanner>()
        .AddSingleton<AnswerWriter>()
        .AddSingleton<GenerationRunner>()
        .AddSingleton<EmbeddingRunner>()
        .AddSingleton<LlamaChatClient>()
        .AddSingleton<LlamaEmbeddingGenerator>();
}
