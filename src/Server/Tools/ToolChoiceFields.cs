using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Tools;

/// <summary>Reads <c>tool_choice</c>, as the chat routes have it: a word, one function, or several that are allowed.</summary>
internal static class ToolChoiceFields
{
    private static readonly FieldTable<Draft> Name = new FieldTable<Draft>()
        .Custom("name", FieldShape.Text, (choice, v) => choice.Allowed.Add(new ToolName(v.Path, v.String())), "Its name.", required: true);

    private static readonly FieldTable<Draft> Function = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("function"), (_, v) => ToolFields.CheckType(v), "The function that is to be called.", required: true)
        .Custom("function", FieldShape.ObjectOf(Name.Fields), (choice, v) => v.Object(Name, choice), "The function.", required: true);

    private static readonly FieldTable<Draft> AllowedTools = new FieldTable<Draft>()
        .Custom("mode", FieldShape.OneOf("auto", "required"), (choice, v) => choice.Mode = ReadMode(v, "auto", "required"), "Whether one of them must be called.", required: true)
        .Custom("tools", FieldShape.ArrayOf(FieldShape.ObjectOf(Function.Fields), 1), ReadAllowed, "The functions that may be called.", required: true);

    private static readonly FieldTable<Draft> Allowed = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("allowed_tools"), (_, v) => v.String(), "Some of the functions only.", required: true)
        .Custom("allowed_tools", FieldShape.ObjectOf(AllowedTools.Fields), (choice, v) => v.Object(AllowedTools, choice), "A mode and the functions.", required: true);

    /// <summary>The shape of a choice.</summary>
    public static FieldShape Shape { get; } = FieldShape.Either(
        FieldShape.OneOf("none", "auto", "required"), FieldShape.ObjectOf(Function.Fields), FieldShape.ObjectOf(Allowed.Fields));

    public static ToolChoice Read(FieldReader choice)
    {
        if (choice.Value.ValueKind == JsonValueKind.String)
            return new ToolChoice(ReadMode(choice, "none", "auto", "required"));
        if (choice.Value.ValueKind != JsonValueKind.Object)
            choice.WrongType("a string or an object");
        else if (IsAllowedTools(choice.Value))
            return choice.Object(Allowed, new Draft()).ToChoice();
        ToolFields.CheckTypeFirst(choice);
        return choice.Object(Function, new Draft { Mode = ToolMode.Required }).ToChoice();
    }

    private static bool IsAllowedTools(JsonElement choice) =>
        choice.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("allowed_tools");

    private static void ReadAllowed(Draft choice, FieldReader tools)
    {
        foreach (FieldReader tool in tools.Items(1))
        {
            ToolFields.CheckTypeFirst(tool);
            tool.Object(Function, choice);
        }
    }

    internal static ToolMode ReadMode(FieldReader mode, params ReadOnlySpan<string> allowed)
    {
        string word = mode.String();
        if (!allowed.Contains(word))
            mode.Invalid($"expected {string.Join(", ", allowed!)}, but got '{word}'");
        return word switch { "none" => ToolMode.None, "required" => ToolMode.Required, _ => ToolMode.Auto };
    }

    private sealed class Draft
    {
        public ToolMode Mode { get; set; }

        public List<ToolName> Allowed { get; } = [];

        public ToolChoice ToChoice() => new(Mode, Allowed);
    }
}
