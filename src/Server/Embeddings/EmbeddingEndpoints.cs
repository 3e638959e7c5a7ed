using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Hosting;
using Llama.Server.Parsing;
using Llama.Server.Swagger;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;

namespace Llama.Server.Embeddings;

/// <summary>Texts to vectors.</summary>
internal static class EmbeddingEndpoints
{
    public static IServiceCollection AddEmbeddings(this IServiceCollection services) => services.AddSingleton<EmbeddingRunner>();

    public static void MapEmbeddings(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/embeddings", EmbedAsync)
        .WithMetadata(new ModelOperation("embeddings")).WithTags("Embeddings").WithSummary("Turns texts into vectors")
        .WithRequestFields(EmbeddingFields.Table.Fields, EmbeddingExamples.Request)
        .WithExample("base64", "The same numbers as the official clients ask for them", EmbeddingExamples.Base64)
        .Answers<EmbeddingList>();

    private static async Task<IResult> EmbedAsync(HttpContext context, EngineHost host, EmbeddingRunner runner)
    {
        var request = new EmbeddingRequest();
        Caller? caller = Caller.Of(context);
        if (await RequestBody.ReadAsync(context, EmbeddingFields.Table, request) is { } fault)
            return fault;
        if (!host.TryGet(caller, request.Model, request.Priority, out Engine? engine, out Checkpoint? checkpoint, out ApiError? error)
            || !EmbeddingInputs.TryEncode(request, checkpoint, caller, RequestOrigin.Of(context), out EmbeddingInput[]? inputs, out error))
            return error;
        int tokenCount = inputs.TokenCount();
        context.Features.Set(new EmbeddingSummary(checkpoint.Name, inputs.Length, tokenCount));
        context.Features.Get<ModelCall>()?.Embeds(request.Model, checkpoint.Name, tokenCount);
        return await runner.RunAsync(context, engine, checkpoint, inputs, vectors =>
            EmbeddingWriter.WriteAsync(context, vectors, request.AsBase64, checkpoint.Name, new EmbeddingUsage(tokenCount, tokenCount)));
    }
}
