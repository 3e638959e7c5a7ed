using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Chat;

/// <summary>The fields of a conversation, shared by the routes that take one.</summary>
internal static class ConversationFields
{
    public static FieldTable<T> AddConversation<T>(this FieldTable<T> table, bool messagesRequired)
        where T : IConversation => table
        .Custom(
            "messages",
            FieldShape.ArrayOf(FieldShape.ObjectOf(MessageFields.Table.Fields), 1),
            (r, v) => r.Messages = MessageFields.Read(v),
            "The conversation, oldest first.",
            messagesRequired)
        .Custom("tools", FieldShape.ArrayOf(ToolFields.Shape, most: ToolFields.MostTools), (r, v) => r.ToolRequest.Definitions = ToolFields.Read(v), "Functions that the model may call.")
        .Custom("tool_choice", ToolChoiceFields.Shape, (r, v) => r.ToolRequest.Choice = ToolChoiceFields.Read(v), ChoiceNote)
        .Flag("add_generation_prompt", (r, v) => r.AddGenerationPrompt = v, "End the prompt where the assistant's answer begins. Default: true.")
        .Flag("continue_final_message", (r, v) => r.ContinueFinalMessage = v, "Go on where the last message, the assistant's, leaves off.")
        .Refuse("chat_template", "The checkpoint's own chat template is used.")
        .Refuse("chat_template_kwargs", "The chat template takes no arguments.", NoOp.EmptyObject)
        .Refuse("documents", "The chat template takes no documents.", NoOp.EmptyArray)
        .Refuse("mm_processor_kwargs", "The model reads text only.", NoOp.EmptyObject);

    private const string ChoiceNote =
        "`none`: no calls, and the model is not told of the tools. `auto` (default): the model decides. `required`: the answer is calls that keep to the "
        + "schemas, for any model. `{\"type\":\"function\",\"function\":{\"name\":…}}`: it is exactly one call, of that function. `{\"type\":\"allowed_tools\",…}`: of some of the tools only.";
}
