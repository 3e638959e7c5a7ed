using Llama.Server.Generating;
using Llama.Server.Guidance;

namespace Llama.Server.Streaming;

/// <summary>Registration of what the generating routes share.</summary>
internal static class GeneratingRegistration
{
    public static IServiceCollection AddGenerating(this IServiceCollection services) =>
        services.AddSingleton<GrammarCache>().AddSingleton<GuideFactory>().AddSingleton<RequestMapper>().AddSingleton<AnswerWriter>().AddSingleton<GenerationRunner>();
}
