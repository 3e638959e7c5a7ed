using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Json;
using Llama.Server.Parsing;
using Llama.Server.Streaming;
using Llama.Server.Swagger;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>The routes that make responses, and the registration of all that have to do with them.</summary>
internal static class ResponseEndpoints
{
    public static IServiceCollection AddResponses(this IServiceCollection services) => services.AddSingleton<ResponseStore>();

    public static void MapResponses(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/responses", CreateAsync)
            .WithMetadata(new ModelOperation("chat")).WithTags("Responses").WithSummary("Makes a response to a text or a conversation")
            .WithRequestFields(ResponseFields.Create.Fields, ResponseExamples.Create)
            .WithExample("tools", "A tool that must be called", ResponseExamples.Tools)
            .WithExample("format", "An answer in JSON", ResponseExamples.Format)
            .Answers<Response>().Streams<ResponseEvent>();
        routes.MapPost("/v1/responses/input_tokens", CountAsync)
            .WithTags("Responses").WithSummary("Counts the tokens of a conversation without responding to it")
            .WithRequestFields(ResponseFields.Count.Fields, ResponseExamples.Count)
            .Answers<InputTokens>();
        routes.MapStoredResponses();
    }

    private static async Task<IResult> CreateAsync(
        HttpContext context, EngineHost host, RequestMapper mapper, GenerationRunner runner, ResponseStore store, TimeProvider clock)
    {
        var request = new ResponseRequest();
        int owner = Caller.ShareKeyOf(context);
        if ((await RequestBody.ReadAsync(context, ResponseFields.Create, request) ?? request.Settle(store.IsOpen)) is { } fault)
            return fault;
        if (!host.TryGet(Caller.Of(context), request.Model, request.Priority, out Engine? engine, out Checkpoint? checkpoint, out ApiError? error)
            || !ResponseContext.TryCreate(request, store, owner, checkpoint, out ResponseContext? made, out error))
            return error;
        (GenerationPlan? plan, error) = await mapper.MapAsync(request, [made.Prompt], checkpoint, context.RequestAborted);
        if (plan is null)
            return error!;
        var keeper = new ResponseKeeper(store, owner, made.Items, request.Store ?? store.IsOpen);
        var draft = new ResponseDraft(request, checkpoint, keeper.IsKept, clock);
        keeper.Announce(context.Response, draft.Begun.Id);
        ResponseAnswerFormat? format = null;
        IResult answered = await runner.RunAsync(context, engine, plan, request, answers => format = new ResponseAnswerFormat(request, answers, draft, keeper));
        format?.Abandon();
        return answered;
    }

    private static async Task<IResult> CountAsync(HttpContext context, EngineHost host, ModelIdentity identity, ResponseStore store)
    {
        var request = new ResponseRequest { Model = identity.NameFor(Caller.Of(context)) };
        if ((await RequestBody.ReadAsync(context, ResponseFields.Count, request) ?? request.Settle(store.IsOpen)) is { } fault)
            return fault;
        if (!host.TryGet(Caller.Of(context), request.Model, request.Priority, out _, out Checkpoint? checkpoint, out ApiError? error)
            || !ResponseContext.TryCreate(request, store, Caller.ShareKeyOf(context), checkpoint, out ResponseContext? made, out error))
            return error;
        return TypedResults.Json(new InputTokens("response.input_tokens", made.Prompt.Tokens.Length), ApiJson.Web.InputTokens);
    }
}
