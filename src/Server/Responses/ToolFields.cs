using System.Text.Json;
using Llama.Server.Guidance;
using Llama.Server.Parsing;
using Llama.Server.Tools;

namespace Llama.Server.Responses;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c> in this route's flat shape.</summary>
internal static class ToolFields
{
    private const string FunctionsOnly = "this server runs no tools of its own; define functions, which the caller runs";

    public static FieldTable<ToolDraft> Tool { get; } = new FieldTable<ToolDraft>()
        .Custom("type", FieldShape.Text, (_, v) => CheckType(v), "function.", required: true)
        .Custom("name", FieldShape.Text, (tool, v) => tool.Name = ReadName(v), "Letters, digits, `_` and `-`, at most 64.", required: true)
        .Text("description", (tool, v) => tool.Description = v, "What it does, for the model.")
        .Custom("parameters", FieldShape.Object, (tool, v) => tool.Parameters = ReadParameters(v), "JSON schema of the arguments. Default: none.")
        .Flag("strict", (tool, v) => tool.Strict = v, "Calls keep to the schema, and the schema to OpenAI's strict subset. Default: false.")
        .Refuse("defer_loading", "Every tool is told to the model.", NoOp.False)
        .Refuse("allowed_callers", "Tools are called by the model only.", NoOp.Only("direct"))
        .Refuse("output_schema", "Results are text for the model.");

    private static readonly FieldTable<ChoiceDraft> Choice = new FieldTable<ChoiceDraft>()
        .Custom("type", FieldShape.Text, (choice, v) => choice.Type = v.String(), "function or allowed_tools.", required: true)
        .Text("name", (choice, v) => choice.Names = [v], "The function, with type function.")
        .Custom("mode", FieldShape.Text, (choice, v) => choice.Mode = ReadMode(v, "auto", "required"), "auto or required, with type allowed_tools.")
        .Custom("tools", FieldShape.ArrayOf(FieldShape.Object), (choice, v) => choice.Allowed = ReadAllowed(v), "The functions that may be called, with type allowed_tools.");

    private static readonly FieldTable<ToolDraft> AllowedTool = new FieldTable<ToolDraft>()
        .Custom("type", FieldShape.Text, (_, v) => CheckType(v), "function.", required: true)
        .Text("name", (tool, v) => tool.Name = v, "The function.");

    public static List<ToolDefinition> Read(FieldReader tools)
    {
        var defined = new List<ToolDefinition>();
        foreach (FieldReader item in tools.Items())
        {
            CheckTypeFirst(item);
            ToolDraft draft = item.Object(Tool, new ToolDraft());
            if (defined.Exists(other => other.Name == draft.Name))
                item.Invalid($"there are two functions '{draft.Name}'");
            defined.Add(new ToolDefinition(item.Path, draft.Name, draft.Description, draft.Parameters, draft.Strict));
        }
        return defined;
    }

    public static ToolChoice ReadChoice(FieldReader choice)
    {
        if (choice.Value.ValueKind == JsonValueKind.String)
            return new ToolChoice(ReadMode(choice, "none", "auto", "required"), Names: null, choice.Value.Clone());
        if (!choice.Expect(JsonValueKind.Object, "a string or an object"))
            return ToolChoice.Auto;
        CheckTypeFirst(choice, "allowed_tools");
        ChoiceDraft draft = choice.Object(Choice, new ChoiceDraft());
        bool isOne = draft.Type == "function";
        string missing = isOne ? draft.Names is null ? "name" : "" : draft.Allowed is null ? "tools" : draft.Mode is null ? "mode" : "";
        if (missing.Length > 0)
            choice.Missing(missing);
        return new ToolChoice(isOne ? ToolMode.Required : draft.Mode ?? ToolMode.Auto, isOne ? draft.Names : draft.Allowed, choice.Value.Clone());
    }

    /// <summary>The type first: of a built-in tool, "unknown field server_url" would be the wrong complaint.</summary>
    private static void CheckTypeFirst(FieldReader item, string? orElse = null)
    {
        if (item.Value.ValueKind == JsonValueKind.Object && item.Value.TryGetProperty("type", out JsonElement type) && !(orElse is not null && NoOp.Text(orElse)(type)))
            CheckType(new FieldReader(type, item.Path + ".type", item.Errors));
    }

    private static void CheckType(FieldReader type)
    {
        string name = type.String();
        if (name != "function")
            type.Unsupported($"'{name}': {FunctionsOnly}.");
    }

    private static string ReadName(FieldReader name)
    {
        GuidanceFields.CheckName(name);
        return name.String();
    }

    private static JsonElement? ReadParameters(FieldReader parameters) => parameters.Expect(JsonValueKind.Object, "an object") ? parameters.Value.Clone() : null;

    private static ToolMode ReadMode(FieldReader mode, params string[] words)
    {
        string word = mode.String();
        if (!words.Contains(word))
            mode.Invalid($"expected {string.Join(", ", words.SkipLast(1))} or {words[^1]}, but got '{word}'");
        return word switch { "none" => ToolMode.None, "required" => ToolMode.Required, _ => ToolMode.Auto };
    }

    private static string[] ReadAllowed(FieldReader tools)
    {
        var names = new List<string>();
        foreach (FieldReader item in tools.Items(1))
        {
            CheckTypeFirst(item);
            ToolDraft draft = item.Object(AllowedTool, new ToolDraft());
            if (draft.Name.Length == 0)
                item.Missing("name");
            names.Add(draft.Name);
        }
        return [.. names];
    }

    /// <summary>A tool while it is read.</summary>
    internal sealed class ToolDraft
    {
        public string Name { get; set; } = "";

        public string? Description { get; set; }

        public JsonElement? Parameters { get; set; }

        public bool Strict { get; set; }
    }

    private sealed class ChoiceDraft
    {
        public string Type { get; set; } = "";

        public string[]? Names { get; set; }

        public ToolMode? Mode { get; set; }

        public string[]? Allowed { get; set; }
    }
}
