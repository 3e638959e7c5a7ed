using System.Text.Json;
using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Responses;

/// <summary>Reads <c>tool_choice</c> in this route's flat shape: a word, one function, or several that are allowed.</summary>
internal static class FunctionChoiceFields
{
    /// <summary>The choice of requests that make none.</summary>
    public static JsonElement Auto { get; } = JsonElement.Parse("\"auto\"");

    private static readonly FieldTable<Draft> Function = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("function"), (_, v) => ToolFields.CheckType(v), "function.", required: true)
        .Custom("name", FieldShape.Text, (choice, v) => choice.Allowed.Add(new ToolName(v.Path, v.String())), "Its name.", required: true);

    private static readonly FieldTable<Draft> Allowed = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("allowed_tools"), (_, v) => v.String(), "allowed_tools.", required: true)
        .Custom("mode", FieldShape.OneOf("auto", "required"), (choice, v) => choice.Mode = ToolChoiceFields.ReadMode(v, "auto", "required"), "auto or required.", required: true)
        .Custom("tools", FieldShape.ArrayOf(FieldShape.ObjectOf(Function.Fields)), ReadAllowed, "The functions that may be called.", required: true);

    public static FieldShape Shape { get; } =
        FieldShape.Either(FieldShape.OneOf("none", "auto", "required"), FieldShape.ObjectOf(Function.Fields), FieldShape.ObjectOf(Allowed.Fields));

    public static ToolChoice Read(FieldReader choice)
    {
        if (choice.Value.ValueKind == JsonValueKind.String)
            return new ToolChoice(ToolChoiceFields.ReadMode(choice, "none", "auto", "required"));
        if (choice.Value.ValueKind != JsonValueKind.Object)
            choice.WrongType("a string or an object");
        else if (choice.Value.TryGetProperty("type", out JsonElement type) && NoOp.Text("allowed_tools")(type))
            return choice.Object(Allowed, new Draft()).ToChoice();
        ToolFields.CheckTypeFirst(choice);
        return choice.Object(Function, new Draft { Mode = ToolMode.Required }).ToChoice();
    }

    private static void ReadAllowed(Draft choice, FieldReader tools)
    {
        foreach (FieldReader tool in tools.Items(1))
        {
            ToolFields.CheckTypeFirst(tool);
            tool.Object(Function, choice);
        }
    }

    private sealed class Draft
    {
        public ToolMode Mode { get; set; }

        public List<ToolName> Allowed { get; } = [];

        public ToolChoice ToChoice() => new(Mode, Allowed);
    }
}
