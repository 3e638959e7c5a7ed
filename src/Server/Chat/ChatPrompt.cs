using System.Diagnostics.CodeAnalysis;
using Llama.Model.Text;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Tools;
using Llama.Server.Web.Errors;

namespace Llama.Server.Chat;

/// <summary>Renders a conversation to a prompt.</summary>
internal static class ChatPrompt
{
    public static bool TryRender(IConversation conversation, Checkpoint checkpoint, [NotNullWhen(true)] out Prompt? prompt, [NotNullWhen(false)] out ApiError? error) =>
        TryRender(conversation, conversation.Messages, checkpoint, out prompt, out error);

    /// <summary>The same with other messages in the place of its own.</summary>
    public static bool TryRender(
        IConversation conversation, IReadOnlyList<ChatMessage> messages, Checkpoint checkpoint, [NotNullWhen(true)] out Prompt? prompt, [NotNullWhen(false)] out ApiError? error)
    {
        prompt = null;
        error = Check(conversation, messages);
        if (error is not null)
            return false;
        bool continues = conversation.ContinueFinalMessage;
        ChatMessage[] rendered = continues ? [.. messages.SkipLast(1)] : [.. messages];
        bool addGenerationPrompt = continues || (conversation.AddGenerationPrompt ?? true);
        if (!TryRender(checkpoint, rendered, conversation.Tools?.Defined ?? [], addGenerationPrompt, out int[] tokens, out string? why))
            error = ApiError.InvalidValue(conversation.MessagesParam, $"Invalid value for '{conversation.MessagesParam}': {conversation.Explain(why!)}");
        else
            prompt = new Prompt(continues ? [.. tokens, .. checkpoint.Tokenizer.Encode(messages[^1].Content)] : tokens, conversation.MessagesParam, continues);
        return prompt is not null;
    }

    private static bool TryRender(
        Checkpoint checkpoint, ChatMessage[] messages, IReadOnlyList<ToolDefinition> defined, bool addGenerationPrompt, out int[] tokens, out string? why)
    {
        ChatTool[] tools = [.. defined.Select(tool => new ChatTool(tool.Name, tool.Description, tool.Parameters?.GetRawText()))];
        if (checkpoint.Chat.HasTools || !ChatFormat.ConcernsTools(messages, tools))
            return checkpoint.Chat.TryRender(messages, tools, addGenerationPrompt, out tokens, out why);
        return checkpoint.Chat.TryRender(new ToolPrompt(checkpoint.ToolFormat).Rewrite(messages, tools), addGenerationPrompt, out tokens, out why);
    }

    private static ApiError? Check(IConversation conversation, IReadOnlyList<ChatMessage> messages)
    {
        if (!conversation.ContinueFinalMessage)
            return null;
        if (conversation.AddGenerationPrompt == true)
            return ApiError.InvalidValue("continue_final_message", "'continue_final_message' and 'add_generation_prompt' cannot both be true.");
        return messages[^1] is { Role: "assistant", ToolCalls.Count: 0 } && messages.Count > 1
            ? null
            : ApiError.InvalidValue("continue_final_message", "'continue_final_message' needs a last message of the assistant, after another one.");
    }
}
