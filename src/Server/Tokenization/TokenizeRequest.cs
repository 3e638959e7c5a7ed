using Llama.Model.Text;
using Llama.Server.Chat;
using Llama.Server.Tools;
using Llama.Server.Web.Errors;

namespace Llama.Server.Tokenization;

/// <summary>A request to <c>/tokenize</c>: a text or a conversation.</summary>
internal sealed class TokenizeRequest : IConversation
{
    public string? Model { get; set; }

    public string? Prompt { get; set; }

    public IReadOnlyList<ChatMessage> Messages { get; set; } = [];

    public ToolRequest ToolRequest { get; } = new();

    public ToolUse? Tools { get; set; }

    public bool? AddSpecialTokens { get; set; }

    public bool? AddGenerationPrompt { get; set; }

    public bool ContinueFinalMessage { get; set; }

    public bool ReturnTokenStrings { get; set; }

    /// <summary>Checks the fields against each other.</summary>
    public ApiError? Settle() => CheckFields() ?? this.SettleTools();

    private ApiError? CheckFields() => (Prompt is not null, Messages.Count > 0) switch
    {
        (false, false) => ApiError.Missing("prompt"),
        (true, true) => ApiError.InvalidValue("prompt", "'prompt' and 'messages' cannot both be given."),
        (false, true) when AddSpecialTokens == true => ApiError.UnsupportedParameter("add_special_tokens", "The chat format places the special tokens."),
        (true, false) when ContinueFinalMessage => ApiError.InvalidValue("continue_final_message", "'continue_final_message' needs 'messages'."),
        (true, false) when AddGenerationPrompt is not null => ApiError.InvalidValue("add_generation_prompt", "'add_generation_prompt' needs 'messages'."),
        (true, false) when ToolRequest.Definitions.Count > 0 => ApiError.InvalidValue("tools", "'tools' needs 'messages'."),
        _ => null,
    };
}

/// <summary>A request to <c>/detokenize</c>.</summary>
internal sealed class DetokenizeRequest
{
    public string? Model { get; set; }

    public int[] Tokens { get; set; } = [];
}
