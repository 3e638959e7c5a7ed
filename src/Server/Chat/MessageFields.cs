using System.Text.Json;
using Llama.Model.Text;
using Llama.Server.Parsing;

namespace Llama.Server.Chat;

/// <summary>Reads <c>messages</c>.</summary>
internal static class MessageFields
{
    private static readonly FieldTable<Draft> TextPart = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("text"), (_, v) => CheckPartType(v), "text.", required: true)
        .Text("text", (part, v) => part.Content = v, "The text.", required: true)
        .Accept("role", FieldShape.Text, v => v.String(), "The message's own counts; OpenAI's Agents SDK sends it along with a text that was answered.")
        .Accept("prompt_cache_breakpoint", FieldShape.Object, v => v.Expect(JsonValueKind.Object, "an object"), "Equal prefixes are found without it.")
        .Refuse("refusal", "The chat format has no place for refusals.")
        .Refuse("annotations", "The chat format has no place for annotations.", NoOp.EmptyArray);

    public static FieldTable<Draft> Table { get; } = new FieldTable<Draft>()
        .Custom("role", FieldShape.OneOf("system", "developer", "user", "assistant", "tool"), (message, v) => message.Role = ReadRole(v), "system, developer (read as system), user, assistant or tool.", required: true)
        .Custom("content", FieldShape.Either(FieldShape.Text, FieldShape.ArrayOf(FieldShape.ObjectOf(TextPart.Fields), 1)), (message, v) => message.Content = ReadContent(v), "A text, or an array of text parts. An assistant's message that calls tools may have none.")
        .Text("name", (message, v) => message.Name = v, "Who speaks, or the tool whose result this is: for the checkpoint's chat template, if it shows names.")
        .Custom("tool_calls", FieldShape.ArrayOf(ToolCallFields.Shape), (message, v) => message.Calls = ToolCallFields.Read(v), "The calls of an assistant's message; a tool message answers each.")
        .Text("tool_call_id", (message, v) => message.CallId = v, "The call that a tool message answers.")
        .AcceptParsed("parsed")
        .Refuse("function_call", "Use `tool_calls`, which took its place.")
        .Refuse("refusal", "The chat format has no place for refusals.")
        .Refuse("annotations", "The chat format has no place for annotations.", NoOp.EmptyArray)
        .Refuse("audio", "The model reads text only.")
        .Refuse("reasoning_content", "The chat format has no place for reasoning.");

    public static IReadOnlyList<ChatMessage> Read(FieldReader messages)
    {
        var conversation = new List<ChatMessage>();
        var calls = new CallHistory();
        foreach (FieldReader message in messages.Items(1))
        {
            Draft draft = message.Object(Table, new Draft());
            Check(message, draft);
            conversation.Add(calls.Follow(message, draft.ToMessage()));
        }
        calls.CheckAnswered(messages.Errors);
        return conversation;
    }

    private static void Check(FieldReader message, Draft draft)
    {
        if (draft.Content is null && draft.Calls.Count == 0)
            message.Missing("content");
        if (draft.Calls.Count > 0 && draft.Role != "assistant")
            message.Invalid("only an assistant's message has 'tool_calls'");
        if (draft.CallId is null && draft.Role == "tool")
            message.Missing("tool_call_id");
        if (draft.CallId is not null && draft.Role != "tool")
            message.Invalid("only a tool message has a 'tool_call_id'");
    }

    private static string ReadRole(FieldReader role)
    {
        string name = role.String();
        switch (name)
        {
            case "system" or "user" or "assistant" or "tool":
                return name;
            case "developer":
                return "system";
            case "function":
                role.Unsupported("use the role tool, which took its place.");
                break;
            default:
                role.Invalid($"expected system, developer, user, assistant or tool, but got '{name}'");
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

    private static string ReadPart(FieldReader part)
    {
        part.TypeFirst(CheckPartType);
        return part.Object(TextPart, new Draft()).Content ?? "";
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

        public string? Content { get; set; }

        public string? Name { get; set; }

        public string? CallId { get; set; }

        public IReadOnlyList<ChatToolCall> Calls { get; set; } = [];

        public ChatMessage ToMessage() => new(Role, Content ?? "") { Name = Name, ToolCallId = CallId, ToolCalls = Calls };
    }
}
