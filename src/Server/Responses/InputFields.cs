using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Responses;

/// <summary>Reads <c>input</c>: a text, or the items of a conversation.</summary>
internal static class InputFields
{
    private const string NoCaller = "Tools are called by the model only.";
    private const string NoNamespace = "Functions stand in no namespace.";

    private static readonly FieldTable<Draft> Message = Items("message")
        .Word("role", ["user", "system", "developer", "assistant"], (item, v) => item.Role = v, "user, system, developer (read as system) or assistant.", required: true)
        .Custom("content", ContentFields.Shape, (item, v) => item.Texts = ContentFields.Read(v), "A text, or parts of type input_text or output_text.", required: true)
        .Accept("phase", FieldShape.Text, v => v.String(), "The chat format has no place for it.");

    private static readonly FieldTable<Draft> Call = Items("function_call")
        .Text("call_id", (item, v) => item.CallId = v, "What the result refers to.", required: true)
        .Custom("name", FieldShape.Text, (item, v) => item.Name = v.Name(), "The function.", required: true)
        .Text("arguments", (item, v) => item.Text = v, "Text of a JSON object, as the model wrote it: it may be broken.", required: true)
        .AcceptParsed("parsed_arguments")
        .Refuse("async", "A result is waited for.", NoOp.False)
        .Refuse("namespace", NoNamespace)
        .Refuse("caller", NoCaller, NoOp.Type("direct"));

    private static readonly FieldTable<Draft> Output = Items("function_call_output")
        .Text("call_id", (item, v) => item.CallId = v, "The call that it answers.", required: true)
        .Custom("output", ContentFields.Shape, (item, v) => item.Text = string.Concat(ContentFields.Read(v)), "A text, or parts of type input_text.", required: true)
        .Accept("name", FieldShape.Text, v => v.String(), "The call names the function.")
        .Refuse("namespace", NoNamespace)
        .Refuse("caller", NoCaller, NoOp.Type("direct"));

    private static readonly FieldTable<Draft> Reference = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("item_reference"), (_, v) => v.String(), "What the item is.")
        .Text("id", (item, v) => item.Id = v, "An item of a stored response.", required: true);

    public static FieldShape Shape { get; } = FieldShape.Either(
        FieldShape.Text,
        FieldShape.ArrayOf(FieldShape.Either([.. new[] { Message, Call, Output, Reference }.Select(item => FieldShape.ObjectOf(item.Fields))]), fewest: 1));

    public static IReadOnlyList<ResponseItem> Read(FieldReader input)
    {
        if (input.Value.ValueKind == JsonValueKind.String)
            return [new MessageItem(ResponseIds.OfMessage(), StatusName.Completed, "user", [new InputText(input.String())])];
        if (input.Expect(JsonValueKind.Array, "a string or an array of items"))
            return [.. input.Items(1).Select(ReadItem)];
        return [];
    }

    private static ResponseItem ReadItem(FieldReader item)
    {
        switch (Type(item))
        {
            case "message":
                return item.Object(Message, new Draft()).ToMessage();
            case "function_call":
                return item.Object(Call, new Draft()).ToCall();
            case "function_call_output":
                return item.Object(Output, new Draft()).ToOutput();
            case "item_reference":
                return new ItemReference(item.Object(Reference, new Draft()).Id ?? "");
            case var other:
                item.At(item.Path + ".type").Unsupported($"'{other}' items are not read here; send message, function_call, function_call_output or item_reference.");
                return new ItemReference("");
        }
    }

    /// <summary>An item without a type is a message where it has a role, else a reference.</summary>
    private static string Type(FieldReader item)
    {
        if (!item.Expect(JsonValueKind.Object, "an object"))
            return "message";
        if (item.TryGet("type", out FieldReader type) && !type.IsNull)
            return type.String();
        return item.Value.TryGetProperty("role", out _) || !item.Value.TryGetProperty("id", out _) ? "message" : "item_reference";
    }

    private static FieldTable<Draft> Items(string type) => new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf(type), (_, v) => v.String(), "What the item is.")
        .Text("id", (item, v) => item.Id = v, "Names the item, which no other of the conversation may be called. Default: a new name.")
        .Word("status", [StatusName.InProgress, StatusName.Completed, StatusName.Incomplete], (item, v) => item.Status = v, "incomplete where it was cut off: half a call is left out.");

    /// <summary>An item or part while it is read.</summary>
    private sealed class Draft
    {
        public string? Id { get; set; }

        public string Status { get; set; } = StatusName.Completed;

        public string Role { get; set; } = "";

        public IReadOnlyList<string> Texts { get; set; } = [];

        public string CallId { get; set; } = "";

        public string Name { get; set; } = "";

        public string Text { get; set; } = "";

        public MessageItem ToMessage()
        {
            bool isOutput = Role == "assistant";
            ContentPart[] parts = [.. Texts.Select(text => isOutput ? (ContentPart)new OutputText(text) : new InputText(text))];
            return new MessageItem(Id ?? ResponseIds.OfMessage(), Status, Role, parts);
        }

        public FunctionCallItem ToCall() => new(Id ?? ResponseIds.OfCall(), Status, CallId, Name, Text);

        public FunctionCallOutputItem ToOutput() => new(Id ?? ResponseIds.OfOutput(), Status, CallId, Text);
    }
}
