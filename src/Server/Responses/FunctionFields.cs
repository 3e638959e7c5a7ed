using System.Text.Json;
using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Responses;

/// <summary>Reads <c>tools</c> in this route's flat shape.</summary>
internal static class FunctionFields
{
    private const int MostTools = 128;

    private static readonly FieldTable<Draft> Function = new FieldTable<Draft>()
        .Custom("type", FieldShape.OneOf("function"), (_, v) => ToolFields.CheckType(v), "function.", required: true)
        .Custom("name", FieldShape.Text, (tool, v) => tool.Name = ToolFields.ReadName(v), "Letters, digits, `_` and `-`, at most 64.", required: true)
        .Text("description", (tool, v) => tool.Description = v, "What it does, for the model.")
        .Custom("parameters", FieldShape.Object, (tool, v) => tool.Parameters = ToolFields.ReadParameters(v), "JSON schema of its arguments, an object. Default: no arguments.")
        .Flag("strict", (tool, v) => tool.IsStrict = v, "Keep to OpenAI's strict subset of JSON schema, and hold also those calls to it that the model makes of its own accord. Default: false, where OpenAI's own is true: it rewrites other schemas into the subset, while here they hold as they are.")
        .Refuse("defer_loading", "The model is told of every tool.", NoOp.False)
        .Refuse("allowed_callers", "Tools are called by the model only.", NoOp.Only("direct"))
        .Refuse("output_schema", "Results are text for the model.");

    /// <summary>The shape of one tool.</summary>
    public static FieldShape Shape { get; } = FieldShape.ObjectOf(Function.Fields);

    public static IReadOnlyList<ToolDefinition> Read(FieldReader tools)
    {
        var definitions = new List<ToolDefinition>();
        foreach (FieldReader tool in tools.Items(0, MostTools))
        {
            ToolFields.CheckTypeFirst(tool);
            Draft draft = tool.Object(Function, new Draft());
            definitions.Add(new ToolDefinition(tool.Path, draft.Name, draft.Description, draft.Parameters, draft.IsStrict));
        }
        return definitions;
    }

    private sealed class Draft
    {
        public string Name { get; set; } = "";

        public string? Description { get; set; }

        public JsonElement? Parameters { get; set; }

        public bool IsStrict { get; set; }
    }
}
