using System.Text.Encodings.Web;
using System.Text.Json;
using Llama.Model.Guidance;
using Llama.Model.Text;
using Llama.Server.Tools.Reading;

namespace Llama.Server.Tools.Formats;

/// <summary>Llama 3.2 and 4 with Python calls: the answer is a list of them.</summary>
internal sealed class PythonicFormat : ToolFormat
{
    public override string Name => "pythonic";

    public override string Marker => "";

    public override char? FirstBare => '[';

    protected override string Sign => "[func_name1(";

    public override ToolCallReader CreateReader(CallRules rules) => new PythonicReader(rules);

    /// <summary>With the arguments as one JSON object, <c>f(**{…})</c>: so that all that a schema can say of an object holds, not of its members alone.</summary>
    public override Grammar Calls(IReadOnlyList<CallGrammar> tools, bool areParallel)
    {
        Grammar call = Grammar.AnyOf([.. tools.Select(tool => Grammar.Concat(Grammar.Text($"{tool.Name}(**"), tool.Arguments, Grammar.Text(")")))]);
        return Grammar.Concat(Grammar.Text("["), OneOrMore(call, ", ", areParallel), Grammar.Text("]"));
    }

    public override string Write(IReadOnlyList<ChatToolCall> calls) => $"[{string.Join(", ", calls.Select(call => $"{call.Name}({Arguments(call.Arguments)})"))}]";

    /// <summary>As keywords, where all names can be some.</summary>
    private static string Arguments(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonProperty[] members = [.. document.RootElement.EnumerateObject()];
            return Array.TrueForAll(members, member => IsKeyword(member.Name))
                ? string.Join(", ", members.Select(member => $"{member.Name}={Literal(member.Value)}"))
                : "**" + Literal(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // a call that was broken
        {
            return json;
        }
    }

    private static bool IsKeyword(string name) => name.Length > 0 && !char.IsDigit(name[0]) && name.All(c => char.IsLetterOrDigit(c) || c == '_');

    private static string Literal(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        JsonValueKind.Null => "None",
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Literal))}]",
        JsonValueKind.Object => $"{{{string.Join(", ", value.EnumerateObject().Select(member => $"\"{JsonEncodedText.Encode(member.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\": {Literal(member.Value)}"))}}}",
        _ => value.GetRawText(), // a JSON string is a Python string
    };
}
