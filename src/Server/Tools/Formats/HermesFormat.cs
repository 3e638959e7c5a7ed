using Llama.Server.Tools.Reading;

namespace Llama.Server.Tools.Formats;

/// <summary>NousResearch's Hermes and Qwen: each call is an object in tags, in the midst of text if need be.</summary>
internal sealed class HermesFormat() : JsonFormat(new JsonCallSyntax("<tool_call>", Open: "", Separator: "", "</tool_call>", MayBeBare: false), "arguments")
{
    public override string Name => "hermes";

    protected override string Sign => "<tool_call>";

    protected override string Start => "<tool_call>\n";

    protected override string Separator => "\n</tool_call>\n<tool_call>\n";

    protected override string End => "\n</tool_call>";
}
