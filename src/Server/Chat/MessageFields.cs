using System.Text.Json;
using Llama.Model.Text;
using Llama.Server.Parsing;

namespace Llama.Server.Chat;

/// <summary>Reads <c>messages</c>.</summary>
internal static class MessageFields
{
    public static FieldTable<Draft> Table { get; } = new FieldTable<Draft>()
        .Custom("role", FieldShape.Text, (message, v) => message.Role = ReadRole(v), "system, developer (read as system), user or assistant.", required: true)
        .Custom("content", FieldShape.Any, (message, v) => message.Content = ReadContent(v), "A text, or an array of text parts.", required: true)
        .Refuse("name", "The chat format has no place for names.")
        .Refuse("tool_calls", ConversationFields.NoTools, NoOp.EmptyArray)
        .Refuse("tool_call_id", ConversationFields.NoTools)
        .Refuse("function_call", ConversationFields.NoTools)
        .Refuse("refusal", "The chat format has no place for refusals.")
        .Refuse("annotations", "The chat format has no place for annotations.", NoOp.EmptyArray)
        .Refuse("audio", "The model reads text only.")
        .Refuse("reasoning_content", "The chat format has no place for reasoning.");

    private static readonly FieldTable<Draft> TextPart = new FieldTable<Draft>()
        .Custom("type", FieldShape.Text, (_, v) => CheckPartType(v), "text.", required: true)
        .Custom("text", FieldShape.Text, (part, v) => part.Content = v.String(), "The text.", required: true);

    public static IReadOnlyList<ChatMessage> Read(FieldReader messages)
    {
        var conversation = new List<ChatMessage>();
        foreach (FieldReader message in messages.Items(1))
        {
            Draft draft = message.Object(Table, new Draft());
            conversation.Add(new ChatMessage(draft.Role, draft.Content));
        }
        return conversation;
    }

    private static string ReadRole(FieldReader role)
    {
        string name = role.String();
        switch (name)
        {
            case "system" or "user" or "assistant":
                return name;
            case "developer":
                return "system";
            case "tool" or "function":
                role.Unsupported(ConversationFields.NoTools);
                break;
            default:
                role.Invalid($"expected system, developer, user or assistant, but got '{name}'");
                break;
        }
        return "user";
    }

    private static string ReadContent(FieldReader content)
    {
        if (content.Value.ValueKind == JsonValueKind.String)
            return content.String();
        if (content.Value.ValueKind == JsonValueKind.Array)
            return string.Concat(content.Items(1).Select(ReadPart));
        content.WrongType("a string or an array of text parts");
        return "";
    }

    /// <summary>The type first: of an image, "unknown field image_url" would be the wrong complaint.</summary>
    private static string ReadPart(FieldReader part)
    {
        if (part.Value.ValueKind == JsonValueKind.Object && part.Value.TryGetProperty("type", out JsonElement type))
            CheckPartType(new FieldReader(type, part.Path + ".type", part.Errors));
        return part.Object(TextPart, new Draft()).Content;
    }

    private static void CheckPartType(FieldReader type)
    {
        string name = type.String();
        if (name != "text")
            type.Unsupported($"the model reads text parts only, not '{name}'.");
    }

    /// <summary>A message or part while it is read.</summary>
    internal sealed class Draft
    {
        public string Role { get; set; } = "";

        public string Content { get; set; } = "";
    }
}
