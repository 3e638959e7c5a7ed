using Llama.Model.Text;
using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Chat;

/// <summary>Reads the <c>tool_calls</c> of an assistant's message.</summary>
internal static class ToolCallFields
{
    private static readonly FieldTable<Draft> Function = new FieldTable<Draft>()
        .Custom("name", FieldShape.Text, (call, v) => call.Name = v.Name(), "The function.", required: true)
        .Text("arguments", (call, v) => call.Arguments = v, "Text of a JSON object, as the model wrote it: it may be broken.", required: true)
        .AcceptParsed("parsed_arguments");

    private static readonly FieldTable<Draft> Call = new FieldTable<Draft>()
        .Text("id", (call, v) => call.Id = v, "What the tool message refers to.", required: true)
        .Custom("type", FieldShape.OneOf("function"), (_, v) => ToolFields.CheckType(v), "The only kind of call.", required: true)
        .Custom("function", FieldShape.ObjectOf(Function.Fields), (call, v) => v.Object(Function, call), "The function and its arguments.", required: true)
        .Accept("index", new FieldShape("integer", 0), v => v.Int(0, int.MaxValue), "The order of the calls is theirs in the array.");

    /// <summary>The shape of one call.</summary>
    public static FieldShape Shape { get; } = FieldShape.ObjectOf(Call.Fields);

    public static IReadOnlyList<ChatToolCall> Read(FieldReader calls)
    {
        var read = new List<ChatToolCall>();
        foreach (FieldReader call in calls.Items())
        {
            call.TypeFirst(ToolFields.CheckType);
            Draft draft = call.Object(Call, new Draft());
            read.Add(new ChatToolCall(draft.Id, draft.Name, draft.Arguments));
        }
        return read;
    }

    private sealed class Draft
    {
        public string Id { get; set; } = "";

        public string Name { get; set; } = "";

        public string Arguments { get; set; } = "";
    }
}
