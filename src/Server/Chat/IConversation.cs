using Llama.Model.Text;
using Llama.Server.Tools;
using Llama.Server.Web.Errors;

namespace Llama.Server.Chat;

/// <summary>What a conversation's prompt is rendered from, on every route that takes one.</summary>
internal interface IConversation
{
    IReadOnlyList<ChatMessage> Messages { get; set; }

    /// <summary>Path of the field that the messages come from.</summary>
    string MessagesParam => "messages";

    /// <summary>Says in the caller's terms why the chat format refuses the messages.</summary>
    string Explain(string why) => why;

    /// <summary>What it says about tools, as it is read.</summary>
    ToolRequest ToolRequest { get; }

    /// <summary>What it says about tools, once checked; null where it defines none.</summary>
    ToolUse? Tools { get; set; }

    /// <summary>Whether the prompt ends where the assistant's next answer begins; null is yes, unless the final message is continued.</summary>
    bool? AddGenerationPrompt { get; set; }

    /// <summary>Whether the answer goes on where the last message, the assistant's, leaves off.</summary>
    bool ContinueFinalMessage { get; set; }
}

/// <summary>What every conversation does alike.</summary>
internal static class Conversation
{
    /// <summary>Checks what is said about tools and settles <see cref="IConversation.Tools"/>; returns what is wrong, or null.</summary>
    public static ApiError? SettleTools(this IConversation conversation)
    {
        ApiError? error = conversation.ToolRequest.Settle(out ToolUse? tools);
        conversation.Tools = tools;
        return error;
    }
}
