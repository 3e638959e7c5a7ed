using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Model.Guidance;
using Llama.Server.Guidance;
using Llama.Server.Tools.Formats;

namespace Llama.Server.Tools;

/// <summary>Calls of tools, written as the model writes them, each with arguments that its tool's schema describes.</summary>
/// <param name="Use">The tools.</param>
/// <param name="Format">How calls are written.</param>
internal sealed record ToolCallGuidance(ToolUse Use, ToolFormat Format) : OutputGuidance("tool_choice")
{
    public override string Key
    {
        get
        {
            var key = new StringBuilder($"calls:{Format.Name}:{Use.IsParallel}");
            foreach (ToolDefinition tool in Use.Callable)
                key.Append(CultureInfo.InvariantCulture, $"\n{tool.Name}:{tool.Strict}:{tool.Parameters?.GetRawText()}");
            return key.ToString();
        }
    }

    public override Grammar Compile(JsonWhitespace whitespace) => Format.Calls(Tools(whitespace), Use.IsParallel);

    /// <summary>The tools that may be called, with the grammars of their arguments.</summary>
    /// <exception cref="GrammarException">A schema asks for what cannot be enforced.</exception>
    public IReadOnlyList<CallGrammar> Tools(JsonWhitespace whitespace) => [.. Use.Callable.Select((tool, number) => new CallGrammar(tool.Name, Arguments(tool, number, whitespace)))];

    /// <summary>
    /// Turns a path of the compiled grammar, <c>number:path within the schema</c>, into the field of this request. The number counts the tools that may be called, since grammars (and their errors) are shared between
    /// requests, which may have the same tools in other places.
    /// </summary>
    public override string ParamOf(string path)
    {
        if (path.Length == 0)
            return Param;
        int end = path.IndexOf(':', StringComparison.Ordinal);
        string place = Use.Callable[int.Parse(path.AsSpan(0, end), CultureInfo.InvariantCulture)].Param + ".parameters";
        return end == path.Length - 1 ? place : $"{place}.{path[(end + 1)..]}";
    }

    private static Grammar Arguments(ToolDefinition tool, int number, JsonWhitespace whitespace)
    {
        if (tool.Parameters is not { } schema)
            return Grammar.Text("{}");
        var options = new JsonSchemaOptions { Whitespace = whitespace, Strict = tool.Strict };
        try
        {
            return schema.GetPropertyCount() == 0 ? JsonSchemaGrammar.AnyObject(options) : JsonSchemaGrammar.Compile(OfObject(schema), options);
        }
        catch (GrammarException fault)
        {
            throw new GrammarException(string.Create(CultureInfo.InvariantCulture, $"{number}:{fault.Path}"), fault.Message);
        }
    }

    /// <summary>A schema with properties that leaves its type unsaid would allow what is no object, too.</summary>
    private static JsonElement OfObject(JsonElement schema)
    {
        if (schema.TryGetProperty("type", out _) || !schema.TryGetProperty("properties", out _))
            return schema;
        JsonObject typed = JsonObject.Create(schema)!;
        typed["type"] = "object";
        return JsonSerializer.SerializeToElement(typed);
    }
}
