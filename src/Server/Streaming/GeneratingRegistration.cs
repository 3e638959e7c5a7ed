using Llama.Server.Generating;

namespace Llama.Server.Streaming;

/// <summary>Registration of what the generating routes share.</summary>
internal static class GeneratingRegistration
{
    public static IServiceCollection AddGenerating(this IServiceCollection services) =>
        services.AddSingleton<RequestMapper>().AddSingleton<AnswerWriter>().AddSingleton<GenerationRunner>();
}
