using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.Model.Text;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Tools;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>A request to <c>/v1/responses</c>, read and checked.</summary>
internal sealed partial class ResponseRequest : GenerationParameters, IConversation
{
    public const string LogprobsWord = "message.output_text.logprobs";

    /// <summary>What is said now; null where the field is missing.</summary>
    public IReadOnlyList<ResponseItem>? Input { get; set; }

    public string? Instructions { get; set; }

    public string? PreviousResponseId { get; set; }

    /// <summary>Null where the request does not say.</summary>
    public bool? Store { get; set; }

    public bool TruncatesInput { get; set; }

    public bool WantsLogprobs { get; set; }

    public int? TopLogprobs { get; set; }

    public bool PadsDeltas { get; set; }

    public IReadOnlyDictionary<string, string> Metadata { get; set; } = new Dictionary<string, string>();

    public int? MaxToolCalls { get; set; }

    public ToolRequest ToolRequest { get; } = new();

    /// <summary>What was sent as <c>tool_choice</c>.</summary>
    public JsonElement ToolChoice { get; set; } = FunctionChoiceFields.Auto;

    public FormatEcho TextFormat { get; set; } = new("text");

    public string? User { get; set; }

    public string? SafetyIdentifier { get; set; }

    public string? PromptCacheKey { get; set; }

    public override int? Logprobs => WantsLogprobs ? TopLogprobs ?? 0 : null;

    /// <summary>The whole conversation with the instructions, once it has been gathered.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; set; } = [];

    public string MessagesParam => "input";

    /// <summary>The caller sent items, and has never seen the messages that they became.</summary>
    public string Explain(string why) => Message.Replace(why, "message ${number} of the conversation (counted from 0, with instructions and earlier responses)");

    public bool? AddGenerationPrompt { get; set; }

    public bool ContinueFinalMessage { get; set; }

    /// <summary>Checks the fields against each other.</summary>
    /// <param name="canStore">Whether the server keeps responses at all.</param>
    public ApiError? Settle(bool canStore)
    {
        if (Store == true && !canStore)
            return ApiError.UnsupportedValue("store", "this server keeps no responses (Server:MaxStoredResponses is 0).");
        if (Input is null && PreviousResponseId is null)
            return ApiError.Missing("input");
        if (TopLogprobs > 0 && !WantsLogprobs)
            return ApiError.InvalidValue("top_logprobs", $"'top_logprobs' is only allowed when 'include' has '{LogprobsWord}'.");
        return this.SettleTools();
    }

    [GeneratedRegex(@"messages\[(?<number>\d+)\]", RegexOptions.ExplicitCapture)]
    private static partial Regex Message { get; }
}
