using Llama.Server.Guidance;
using Llama.Server.Streaming;

namespace Llama.Server.Generating;

/// <summary>Registration of what all routes that generate share.</summary>
internal static class GeneratingRegistration
{
    public static IServiceCollection AddGenerating(this IServiceCollection services) => services
        .AddSingleton<GrammarCache>()
        .AddSingleton<GuideFactory>()
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<RequestMapper>(provider, Random.Shared))
        .AddSingleton<AnswerWriter>()
        .AddSingleton<GenerationRunner>();
}
