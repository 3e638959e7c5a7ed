using Llama.Model.Text;
using Llama.Server.Generating;
using Llama.Server.Tools;
using Llama.Server.Web.Errors;

namespace Llama.Server.Chat;

/// <summary>A request to <c>/v1/chat/completions</c>, read and checked.</summary>
internal sealed class ChatCompletionRequest : GenerationParameters, IConversation
{
    public IReadOnlyList<ChatMessage> Messages { get; set; } = [];

    public ToolRequest ToolRequest { get; } = new();

    public bool? AddGenerationPrompt { get; set; }

    public bool ContinueFinalMessage { get; set; }

    public int? MaxCompletionTokens { get; set; }

    public bool WantsLogprobs { get; set; }

    public int? TopLogprobs { get; set; }

    public override int? Logprobs => WantsLogprobs ? TopLogprobs ?? 0 : null;

    /// <summary>Checks the fields against each other and settles which of two names for one thing counts.</summary>
    public ApiError? Settle()
    {
        if (TopLogprobs > 0 && !WantsLogprobs)
            return ApiError.InvalidValue("top_logprobs", "'top_logprobs' is only allowed when 'logprobs' is true.");
        if (MaxTokens is { } old && MaxCompletionTokens is { } now && old != now)
            return ApiError.InvalidValue("max_tokens", "'max_tokens' and 'max_completion_tokens' are two names for one limit and differ; give one.");
        MaxTokens ??= MaxCompletionTokens;
        return this.SettleTools();
    }
}
