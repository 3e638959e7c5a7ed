using Llama.Model.Guidance;
using Llama.Model.Text;
using Llama.Server.Tools.Reading;

namespace Llama.Server.Tools.Formats;

/// <summary>The formats whose calls are JSON objects with a name and arguments.</summary>
/// <param name="syntax">What stands around the objects.</param>
/// <param name="member">What the arguments are called.</param>
internal abstract class JsonFormat(JsonCallSyntax syntax, string member) : ToolFormat
{
    public sealed override string Marker => syntax.Marker;

    public sealed override char? FirstBare => syntax.MayBeBare ? syntax.FirstBare : null;

    /// <summary>What calls that are forced begin with: nothing that may be a control token, since a grammar never allows those.</summary>
    protected abstract string Start { get; }

    protected abstract string Separator { get; }

    protected abstract string End { get; }

    public sealed override ToolCallReader CreateReader(CallRules rules) => new JsonCallReader(syntax, rules);

    public sealed override Grammar Calls(IReadOnlyList<CallGrammar> tools, bool areParallel)
    {
        Grammar call = Grammar.AnyOf([.. tools.Select(tool => Grammar.Concat(Grammar.Text(Before(tool.Name)), tool.Arguments, Grammar.Text("}")))]);
        return Grammar.Concat(Grammar.Text(Start), OneOrMore(call, Separator, areParallel), Grammar.Text(End));
    }

    public sealed override string Write(IReadOnlyList<ChatToolCall> calls) =>
        Start + string.Join(Separator, calls.Select(call => $"{Before(call.Name)}{call.Arguments}}}")) + End;

    private string Before(string name) => $$"""{"name": "{{name}}", "{{member}}": """;
}
