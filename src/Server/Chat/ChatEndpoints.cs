using Llama.Server.Auth;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Json;
using Llama.Server.Parsing;
using Llama.Server.Streaming;
using Llama.Server.Swagger;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;

namespace Llama.Server.Chat;

/// <summary>The chat routes.</summary>
internal static class ChatEndpoints
{
    public static IServiceCollection AddChat(this IServiceCollection services) => services.AddSingleton<ChatPlanner>();

    public static void MapChat(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/chat/completions", CompleteAsync)
            .WithMetadata(new ModelOperation("chat")).WithTags("Chat").WithSummary("Answers a conversation")
            .WithRequestFields(ChatCompletionFields.Table.Fields, ChatExamples.Request)
            .WithExample("stream", "The answer as it is made, then the token counts", ChatExamples.Stream)
            .WithExample("structured", "JSON that a schema describes", ChatExamples.Structured)
            .WithExample("tools", "A call of a function", ChatExamples.Tools)
            .WithExample("logprobs", "Two answers with the alternatives to each token", ChatExamples.Logprobs)
            .Answers<ChatCompletion>().Streams<ChatCompletionChunk>();
        routes.MapPost("/v1/chat/completions/input_tokens", CountAsync)
            .WithTags("Chat").WithSummary("Counts the tokens of a conversation without answering it")
            .WithRequestFields(ChatCompletionFields.Table.Fields, ChatExamples.Count)
            .Answers<InputTokens>();
    }

    private static async Task<IResult> CompleteAsync(HttpContext context, ChatPlanner planner, GenerationRunner runner, TimeProvider clock)
    {
        var request = new ChatCompletionRequest();
        if (await RequestBody.ReadAsync(context, ChatCompletionFields.Table, request) is { } fault)
            return fault;
        (ChatPlan? plan, ApiError? error) = await planner.PlanAsync(request, Caller.Of(context), context.RequestAborted);
        if (plan is null)
            return error!;
        AnswerHead head = AnswerHead.New("chatcmpl", clock, plan.Answers.Checkpoint);
        return await runner.RunAsync(context, plan.Engine, plan.Answers, request, answers => new ChatAnswerFormat(request, answers, head));
    }

    private static async Task<IResult> CountAsync(HttpContext context, EngineHost host)
    {
        var request = new ChatCompletionRequest();
        if ((await RequestBody.ReadAsync(context, ChatCompletionFields.Table, request) ?? request.Settle()) is { } fault)
            return fault;
        if (!host.TryGet(Caller.Of(context), request.Model, request.Priority, out _, out Checkpoint? checkpoint, out ApiError? error)
            || !ChatPrompt.TryRender(request, checkpoint, out Prompt? prompt, out error))
            return error;
        return TypedResults.Json(new InputTokens("chat.completion.input_tokens", prompt.Tokens.Length), ApiJson.Web.InputTokens);
    }
}
