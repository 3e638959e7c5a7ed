using Llama.Server.Generating;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Requests;

namespace Llama.Server.Telemetry;

/// <summary>
/// What telemetry knows about one request that has the model work: a feature of the request, filled as it goes along. Names, counts and parameters; never text, so no stop strings either: that is <see cref="TextRecorder"/>'s affair.
/// </summary>
internal sealed class ModelCall(string operation)
{
    /// <summary><c>gen_ai.operation.name</c>.</summary>
    public string Operation => operation;

    /// <summary>What the request calls the model; null until that is known to be one that is served: anybody can write anything there.</summary>
    public string? RequestModel { get; private set; }

    /// <summary>The served model.</summary>
    public string? ResponseModel { get; private set; }

    public string? ResponseId { get; private set; }

    /// <summary>What was asked for; null for embeddings and for what was refused before it was read.</summary>
    public GenerationParameters? Parameters { get; private set; }

    /// <summary>What is made; null where nothing is generated.</summary>
    public Answers? Answers { get; private set; }

    public int InputTokens => Answers?.Usage.PromptTokens ?? _embeddedTokens;

    /// <summary>Why it came to no good end, in few words that dashboards can count; null when it did.</summary>
    public string? ErrorType { get; private set; }

    private int _embeddedTokens;

    /// <summary>It is one that can be served.</summary>
    public void Read(GenerationParameters request, string model) => (Parameters, RequestModel, ResponseModel) = (request, request.Model, model);

    /// <summary>The engine works at it.</summary>
    public void Began(Answers answers, string id) => (Answers, ResponseId) = (answers, id);

    /// <summary>It asks for vectors.</summary>
    public void Embeds(string requestModel, string model, int tokenCount) => (RequestModel, ResponseModel, _embeddedTokens) = (requestModel, model, tokenCount);

    /// <summary>It is over.</summary>
    /// <param name="context">The request, which has the error that was answered.</param>
    /// <param name="thrown">What came out of the route instead of an answer.</param>
    public void End(HttpContext context, Exception? thrown) => ErrorType =
        HostTimeout.IsUp(context) ? "timeout"
        : context.RequestAborted.IsCancellationRequested || LostCaller.IsCauseOf(thrown) ? "client_disconnected"
        : (context.Features.Get<ApiError>() ?? Answers?.Failure) is { } error ? error.Code
        : thrown is BadHttpRequestException ? "invalid_request"
        : thrown is not null ? "internal_error"
        : null;
}
