using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Parsing;
using Llama.Server.Streaming;
using Llama.Server.Swagger;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;

namespace Llama.Server.Completions;

/// <summary>The legacy route: plain text in, plain text out.</summary>
internal static class CompletionEndpoints
{
    public static void MapCompletions(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/completions", CompleteAsync)
        .WithMetadata(new ModelOperation("text_completion")).WithTags("Completions").WithSummary("Continues a text")
        .WithRequestFields(CompletionFields.Table.Fields, CompletionExamples.Request)
        .WithExample("stream", "The answer as it is made, then the token counts", CompletionExamples.Stream)
        .WithExample("score", "The log-probabilities of a text, without going on with it", CompletionExamples.Score)
        .Answers<Completion>().Streams<CompletionChunk>();

    private static async Task<IResult> CompleteAsync(HttpContext context, EngineHost host, RequestMapper mapper, GenerationRunner runner, TimeProvider clock)
    {
        var request = new CompletionRequest();
        if ((await RequestBody.ReadAsync(context, CompletionFields.Table, request) ?? request.Settle()) is { } fault)
            return fault;
        if (!host.TryGet(Caller.Of(context), request.Model, request.Priority, out Engine? engine, out Checkpoint? checkpoint, out ApiError? error)
            || !CompletionPrompts.TryEncode(request, checkpoint, out Prompt[]? prompts, out error))
            return error;
        (GenerationPlan? plan, error) = await mapper.MapAsync(request, prompts, checkpoint, context.RequestAborted);
        if (plan is null)
            return error!;
        AnswerHead head = AnswerHead.New("cmpl", clock, checkpoint);
        return await runner.RunAsync(context, engine, plan, request, answers => new CompletionAnswerFormat(request, answers, head));
    }
}
