using Llama.Server.Chat;
using Llama.Server.Client;
using Llama.Server.Generating;
using Llama.Server.Guidance;

namespace Llama.Server.Streaming;

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
        .AddSingleton<LlamaChatClient>()
        .AddSingleton<LlamaEmbeddingGenerator>();
}
