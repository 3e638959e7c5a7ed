using System.Diagnostics.CodeAnalysis;
using Llama.Model.Text;
using Llama.Server.Errors;
using Llama.Server.Generating;
using Llama.Server.Hosting;

namespace Llama.Server.Chat;

/// <summary>Renders a conversation to a prompt.</summary>
internal static class ChatPrompt
{
    public static bool TryRender(IConversation conversation, Checkpoint checkpoint, [NotNullWhen(true)] out Prompt? prompt, [NotNullWhen(false)] out ApiError? error)
    {
        prompt = null;
        error = Check(conversation);
        if (error is not null)
            return false;
        IReadOnlyList<ChatMessage> messages = conversation.Messages;
        bool continues = conversation.ContinueFinalMessage;
        ChatMessage[] rendered = continues ? [.. messages.SkipLast(1)] : [.. messages];
        bool addGenerationPrompt = continues || (conversation.AddGenerationPrompt ?? true);
        if (!checkpoint.Chat.TryRender(rendered, addGenerationPrompt, out int[] tokens, out string? why))
            error = ApiError.InvalidValue(conversation.MessagesParam, $"Invalid value for '{conversation.MessagesParam}': {why}");
        else
            prompt = new Prompt(continues ? [.. tokens, .. checkpoint.Tokenizer.Encode(messages[^1].Content)] : tokens, conversation.MessagesParam, continues);
        return prompt is not null;
    }

    private static ApiError? Check(IConversation conversation)
    {
        if (!conversation.ContinueFinalMessage)
            return null;
        if (conversation.AddGenerationPrompt == true)
            return ApiError.InvalidValue("continue_final_message", "'continue_final_message' and 'add_generation_prompt' cannot both be true.");
        return conversation.Messages[^1].Role == "assistant" && conversation.Messages.Count > 1
            ? null
            : ApiError.InvalidValue("continue_final_message", "'continue_final_message' needs a last message of the assistant, after another one.");
    }
}
