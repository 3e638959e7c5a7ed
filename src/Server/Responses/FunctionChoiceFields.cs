using System.Text.Json;
using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Responses;

/// <summary>Reads <c>tool_choice</c> in this route's flat shape: a word, one function, or several that are allowed.</summary>
internal static class FunctionChoiceFields
{
    /// <summary>The choice of requests that make none.</summary>
    public static JsonElement Auto { get; } = JsonElement.Parse("\"auto\"");

    private static readonly FieldTable<ToolChoiceDraft> Function = new FieldTable<ToolChoiceDraft>()
        .Custom("type", FieldShape.OneOf("function"), (_, v) => ToolFields.CheckType(v), "The function that is to be called.", required: true)
        .AddName();

    private static readonly FieldTable<ToolChoiceDraft> Allowed = new FieldTable<ToolChoiceDraft>()
        .Custom("type", FieldShape.OneOf("allowed_tools"), (_, v) => v.String(), "Some of the functions only.", required: true)
        .AddAllowed(Function);

    public static FieldShape Shape { get; } = ToolChoiceFields.ShapeOf(Function, Allowed);

    public static ToolChoice Read(FieldReader choice) => ToolChoiceFields.Read(choice, Function, Allowed);
}
