using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>A response from its beginning to whichever end it comes to.</summary>
internal sealed class ResponseDraft(ResponseRequest request, Checkpoint checkpoint, bool isKept, TimeProvider clock)
{
    /// <summary>The response before anything of it is made.</summary>
    public Response Begun { get; } = Begin(request, checkpoint, isKept, clock);

    /// <summary>The response that ended well, whole or at its limit.</summary>
    public Response End(IReadOnlyList<ResponseItem> output, bool isCutOff, Usage usage) => Begun with
    {
        Status = isCutOff ? StatusName.Incomplete : StatusName.Completed,
        CompletedAt = isCutOff ? null : clock.GetUtcNow().ToUnixTimeSeconds(),
        IncompleteDetails = isCutOff ? new IncompleteDetails("max_output_tokens") : null,
        Output = output,
        Usage = new ResponseUsage(
            usage.PromptTokens,
            new InputTokensDetails(usage.PromptTokensDetails.CachedTokens, CacheWriteTokens: 0),
            usage.CompletionTokens,
            new OutputTokensDetails(ReasoningTokens: 0),
            usage.TotalTokens),
    };

    /// <summary>The response that something failed in the middle of. OpenAI's list of codes has one for all that servers do wrong.</summary>
    public Response Fail(IReadOnlyList<ResponseItem> output, ApiError error) =>
        Begun with { Status = StatusName.Failed, Output = output, Error = new ResponseError("server_error", error.Message) };

    /// <summary>The response whose caller left in the middle.</summary>
    public Response Cancel(IReadOnlyList<ResponseItem> output) => Begun with { Status = StatusName.Cancelled, Output = output };

    private static Response Begin(ResponseRequest request, Checkpoint checkpoint, bool isKept, TimeProvider clock) => new()
    {
        Id = ResponseIds.OfResponse(),
        CreatedAt = clock.GetUtcNow().ToUnixTimeSeconds(),
        Status = StatusName.InProgress,
        Instructions = request.Instructions,
        MaxOutputTokens = request.MaxTokens,
        MaxToolCalls = request.MaxToolCalls,
        Model = checkpoint.Name,
        ParallelToolCalls = request.ToolRequest.IsParallel ?? true,
        PreviousResponseId = request.PreviousResponseId,
        PromptCacheKey = request.PromptCacheKey,
        SafetyIdentifier = request.SafetyIdentifier,
        Store = isKept,
        Temperature = request.Sampling.Temperature ?? checkpoint.Defaults.Temperature,
        Text = new TextEcho(request.TextFormat, "medium"),
        ToolChoice = request.ToolChoice,
        Tools = [.. request.ToolRequest.Definitions.Select(tool => new ToolEcho("function", tool.Name, tool.Description, tool.Parameters, tool.Strict))],
        TopLogprobs = request.TopLogprobs ?? 0,
        TopP = request.Sampling.TopP ?? checkpoint.Defaults.TopP,
        Truncation = request.TruncatesInput ? "auto" : "disabled",
        User = request.User,
        Metadata = request.Metadata,
    };
}
