using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Responses;

/// <summary>Reads <c>tools</c> in this route's flat shape.</summary>
internal static class FunctionFields
{
    private static readonly FieldTable<ToolDraft> Function = new FieldTable<ToolDraft>()
        .Custom("type", FieldShape.OneOf("function"), (_, v) => ToolFields.CheckType(v), "The only kind of tool.", required: true)
        .AddFunction()
        .Refuse("defer_loading", "The model is told of every tool.", NoOp.False)
        .Refuse("allowed_callers", "Tools are called by the model only.", NoOp.Only("direct"))
        .Refuse("output_schema", "Results are text for the model.")
        .Refuse("async", "A result is waited for.", NoOp.False);

    /// <summary>The shape of one tool.</summary>
    public static FieldShape Shape { get; } = FieldShape.ObjectOf(Function.Fields);

    public static IReadOnlyList<ToolDefinition> Read(FieldReader tools) => ToolFields.Read(tools, Function, place: "");
}
