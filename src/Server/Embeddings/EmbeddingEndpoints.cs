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

    private static async Task EmbedAsync(HttpContext context, EngineHost host, EmbeddingRunner runner)
    {
        var request = new EmbeddingRequest();
        Caller? caller = Caller.Of(context);
        ApiError? error = await RequestBody.ReadAsync(context, EmbeddingFields.Table, request);
        if (error is null
            && host.TryGet(caller, request.Model, request.Priority, out Engine? engine, out Checkpoint? checkpoint, out error)
            && EmbeddingInputs.TryEncode(request, checkpoint, caller, RequestOrigin.Of(context), out EmbeddingInput[]? inputs, out error))
        {
            int tokenCount = inputs.TokenCount();
            context.Features.Set(new EmbeddingSummary(checkpoint.Name, inputs.Length, tokenCount));
            context.Features.Get<ModelCall>()?.Embeds(request.Model, checkpoint.Name, tokenCount);
            error = await runner.RunAsync(context, engine, checkpoint, inputs, vectors =>
                EmbeddingWriter.WriteAsync(context, vectors, request.AsBase64, checkpoint.Name, new EmbeddingUsage(tokenCount, tokenCount)));
        }
        if (error is not null)
            await ErrorResponse.WriteAsync(context, error);
    }
}
