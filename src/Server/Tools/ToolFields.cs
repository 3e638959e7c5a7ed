using System.Text.Json;
using Llama.Server.Parsing;

namespace Llama.Server.Tools;

/// <summary>Reads <c>tools</c>, as the chat routes have them.</summary>
internal static class ToolFields
{
    internal const int MostTools = 128;

    private static readonly FieldTable<ToolDraft> Function = new FieldTable<ToolDraft>().AddFunction();

    private static readonly FieldTable<ToolDraft> Tool = new FieldTable<ToolDraft>()
        .Custom("type", FieldShape.OneOf("function"), (_, v) => CheckType(v), "The only kind of tool.", required: true)
        .Custom("function", FieldShape.ObjectOf(Function.Fields), (tool, v) => v.Object(Function, tool), "The function.", required: true);

    /// <summary>The shape of one tool.</summary>
    public static FieldShape Shape { get; } = FieldShape.ObjectOf(Tool.Fields);

    public static IReadOnlyList<ToolDefinition> Read(FieldReader tools) => Read(tools, Tool, place: ".function");

    /// <summary>Reads an array of tools.</summary>
    /// <param name="tools">The array.</param>
    /// <param name="table">The route's fields of one tool.</param>
    /// <param name="place">Path of the function within its tool.</param>
    internal static IReadOnlyList<ToolDefinition> Read(FieldReader tools, FieldTable<ToolDraft> table, string place)
    {
        var definitions = new List<ToolDefinition>();
        foreach (FieldReader tool in tools.Items(0, MostTools))
        {
            tool.TypeFirst(CheckType);
            definitions.Add(tool.Object(table, new ToolDraft()).ToDefinition(tool.Path + place));
        }
        return definitions;
    }

    /// <summary>What is said of a function, on every route that takes tools.</summary>
    internal static FieldTable<ToolDraft> AddFunction(this FieldTable<ToolDraft> table) => table
        .Custom("name", FieldShape.Text, (tool, v) => tool.Name = v.Name(), "Letters, digits, `_` and `-`, at most 64.", required: true)
        .Text("description", (tool, v) => tool.Description = v, "What it does, for the model.")
        .Custom("parameters", FieldShape.Object, (tool, v) => tool.Parameters = ReadParameters(v), "JSON schema of its arguments, an object. Default: no arguments.")
        .Flag("strict", (tool, v) => tool.IsStrict = v, "Keep to OpenAI's strict subset of JSON schema, and hold also those calls to it that the model makes of its own accord (but where a control token begins them, as Mistral's). Calls that `tool_choice` forces are held to their schema either way. Default: false; OpenAI's `/v1/responses` has true, and rewrites other schemas into the subset.");

    /// <summary>A schema that is kept beyond the request's document.</summary>
    private static JsonElement? ReadParameters(FieldReader parameters)
    {
        if (!parameters.Expect(JsonValueKind.Object, "an object"))
            return null;
        if (parameters.Value.TryGetProperty("type", out JsonElement type) && !(type.ValueKind == JsonValueKind.String && type.ValueEquals("object")))
            parameters.Invalid("arguments are an object, so the schema's type must be 'object'");
        return parameters.Kept();
    }

    internal static void CheckType(FieldReader type)
    {
        string name = type.String();
        if (name != "function")
            type.Unsupported($"tools are functions here, not '{name}'.");
    }
}

/// <summary>A tool while it is read.</summary>
internal sealed class ToolDraft
{
    public string Name { get; set; } = "";

    public string? Description { get; set; }

    public JsonElement? Parameters { get; set; }

    public bool IsStrict { get; set; }

    public ToolDefinition ToDefinition(string param) => new(param, Name, Description, Parameters, IsStrict);
}
