using Llama.Scheduling;
using Llama.Server.Web.Errors;

namespace Llama.Server.Hosting;

/// <summary>Says the engine's refusals and failures in OpenAI's terms.</summary>
internal static class RefusalErrors
{
    private static readonly TimeSpan DefaultRetry = TimeSpan.FromSeconds(1);

    public static ApiError From(Refusal refusal, GenerationRequest request, string promptParam) => refusal.Reason switch
    {
        RefusalReason.ContextLength => ApiError.ContextLength(promptParam, request.PromptTokenIds.Length, request.MaxTokens, refusal.Limit),
        RefusalReason.PoolSize => PoolSize(refusal, request, promptParam),
        RefusalReason.QueueFull => ApiError.Overloaded($"The queue is full ({refusal.Limit} requests wait).", refusal.RetryAfter ?? DefaultRetry),
        RefusalReason.Deadline => ApiError.Overloaded("At the current load the request could not be answered within its request_timeout.", refusal.RetryAfter ?? DefaultRetry),
        RefusalReason.Loading => Loading(refusal.RetryAfter),
        RefusalReason.Draining => Draining(refusal.RetryAfter),
        _ => CannotServe("the engine has failed."),
    };

    public static ApiError Loading(TimeSpan? retryAfter = null) => ApiError.Unavailable("The model is being loaded.", retryAfter ?? TimeSpan.FromSeconds(2));

    public static ApiError Draining(TimeSpan? retryAfter = null) =>
        ApiError.Unavailable("The server is shutting down and takes no new requests.", retryAfter ?? TimeSpan.FromSeconds(5));

    /// <summary>For a request that the engine let in and failed. One that shuts down fails what has not ended in time: another server may answer.</summary>
    public static ApiError Failed(Engine engine) => engine.State is EngineState.Draining or EngineState.Stopped
        ? ApiError.Unavailable("The server is shutting down and ended this request before it was through.", TimeSpan.FromSeconds(5))
        : ApiError.Internal();

    /// <summary>Until an operator takes it back.</summary>
    public static ApiError Drained() => ApiError.Unavailable("An operator is draining the server: it takes no new requests.", TimeSpan.FromSeconds(5));

    /// <summary>The model could not be loaded, or its engine died: asking again does not help.</summary>
    public static ApiError CannotServe(string reason) => ApiError.Unavailable($"The model cannot be served: {reason}", retryAfter: null);

    private static ApiError PoolSize(Refusal refusal, GenerationRequest request, string promptParam) => new(
        400,
        $"The KV cache of this server holds {refusal.Limit} tokens. However, your prompt has {request.PromptTokenIds.Length} tokens and you asked for "
        + $"{request.MaxTokens} in the answer. Please shorten the prompt or ask for fewer.",
        "context_length_exceeded",
        promptParam);
}
