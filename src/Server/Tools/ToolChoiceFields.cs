using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Tools;

/// <summary>Reads <c>tool_choice</c>, as the chat routes have it: a word, one function, or several that are allowed.</summary>
internal static class ToolChoiceFields
{
    private static readonly string[] Modes = ["none", "auto", "required"];

    private static readonly FieldTable<ToolChoiceDraft> Name = new FieldTable<ToolChoiceDraft>().AddName();

    private static readonly FieldTable<ToolChoiceDraft> Function = new FieldTable<ToolChoiceDraft>()
        .Custom("type", FieldShape.OneOf("function"), (_, v) => ToolFields.CheckType(v), "The function that is to be called.", required: true)
        .Custom("function", FieldShape.ObjectOf(Name.Fields), (choice, v) => v.Object(Name, choice), "The function.", required: true);

    private static readonly FieldTable<ToolChoiceDraft> AllowedTools = new FieldTable<ToolChoiceDraft>().AddAllowed(Function);

    private static readonly FieldTable<ToolChoiceDraft> Allowed = new FieldTable<ToolChoiceDraft>()
        .Custom("type", FieldShape.OneOf("allowed_tools"), (_, v) => v.String(), "Some of the functions only.", required: true)
        .Custom("allowed_tools", FieldShape.ObjectOf(AllowedTools.Fields), (choice, v) => v.Object(AllowedTools, choice), "A mode and the functions.", required: true);

    /// <summary>The shape of a choice.</summary>
    public static FieldShape Shape { get; } = ShapeOf(Function, Allowed);

    public static ToolChoice Read(FieldReader choice) => Read(choice, Function, Allowed);

    /// <summary>The shape of a choice, from a route's tables of one function and of several.</summary>
    internal static FieldShape ShapeOf(FieldTable<ToolChoiceDraft> function, FieldTable<ToolChoiceDraft> allowed) =>
        FieldShape.Either(FieldShape.OneOf(Modes), FieldShape.ObjectOf(function.Fields), FieldShape.ObjectOf(allowed.Fields));

    /// <summary>Reads a choice by a route's tables of one function and of several.</summary>
    internal static ToolChoice Read(FieldReader choice, FieldTable<ToolChoiceDraft> function, FieldTable<ToolChoiceDraft> allowed)
    {
        if (choice.Value.ValueKind == JsonValueKind.String)
            return new ToolChoice(ModeOf(choice.Word(Modes)));
        if (choice.Value.ValueKind != JsonValueKind.Object)
            choice.WrongType("a string or an object");
        else if (choice.TryGet("type", out FieldReader type) && NoOp.Text("allowed_tools")(type.Value))
            return choice.Object(allowed, new ToolChoiceDraft()).ToChoice();
        choice.TypeFirst(ToolFields.CheckType);
        return choice.Object(function, new ToolChoiceDraft { Mode = ToolMode.Required }).ToChoice() with { IsOneCall = true };
    }

    internal static FieldTable<ToolChoiceDraft> AddName(this FieldTable<ToolChoiceDraft> table) => table
        .Custom("name", FieldShape.Text, (choice, v) => choice.Allowed.Add(new ToolName(v.Path, v.String())), "Its name.", required: true);

    internal static FieldTable<ToolChoiceDraft> AddAllowed(this FieldTable<ToolChoiceDraft> table, FieldTable<ToolChoiceDraft> function) => table
        .Word("mode", ["auto", "required"], (choice, v) => choice.Mode = ModeOf(v), "Whether one of them must be called.", required: true)
        .Custom(
            "tools",
            FieldShape.ArrayOf(FieldShape.ObjectOf(function.Fields), 1),
            (choice, tools) => ReadAllowed(choice, tools, function),
            "The functions that may be called.",
            required: true);

    private static void ReadAllowed(ToolChoiceDraft choice, FieldReader tools, FieldTable<ToolChoiceDraft> function)
    {
        foreach (FieldReader tool in tools.Items(1))
        {
            tool.TypeFirst(ToolFields.CheckType);
            tool.Object(function, choice);
        }
    }

    private static ToolMode ModeOf(string word) => word switch { "none" => ToolMode.None, "required" => ToolMode.Required, _ => ToolMode.Auto };
}

/// <summary>A choice while it is read.</summary>
internal sealed class ToolChoiceDraft
{
    public ToolMode Mode { get; set; }

    public List<ToolName> Allowed { get; } = [];

    public ToolChoice ToChoice() => new(Mode, Allowed);
}
