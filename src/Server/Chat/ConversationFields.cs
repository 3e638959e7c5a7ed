using Llama.Server.Parsing;

namespace Llama.Server.Chat;

/// <summary>The fields of a conversation, shared by the routes that take one.</summary>
internal static class ConversationFields
{
    public static FieldTable<T> AddConversation<T>(this FieldTable<T> table, bool messagesRequired)
        where T : IConversation => table
        .Custom(
            "messages",
            FieldShape.ArrayOf(FieldShape.ObjectOf(MessageFields.Table.Fields)),
            (r, v) => r.Messages = MessageFields.Read(v),
            "The conversation, oldest first.",
            messagesRequired)
        .Flag("add_generation_prompt", (r, v) => r.AddGenerationPrompt = v, "End the prompt where the assistant's answer begins. Default: true.")
        .Flag("continue_final_message", (r, v) => r.ContinueFinalMessage = v, "Go on where the last message, the assistant's, leaves off.")
        .Refuse("chat_template", "The checkpoint's own chat template is used.")
        .Refuse("chat_template_kwargs", "The chat template takes no arguments.", NoOp.EmptyObject)
        .Refuse("documents", "The chat template takes no documents.", NoOp.EmptyArray)
        .Refuse("tools", NoTools, NoOp.EmptyArray)
        .Refuse("mm_processor_kwargs", "The model reads text only.", NoOp.EmptyObject);

    internal const string NoTools = "Tool calls are not built.";
}
