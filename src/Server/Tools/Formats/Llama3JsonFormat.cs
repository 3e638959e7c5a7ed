using Llama.Server.Tools.Reading;

namespace Llama.Server.Tools.Formats;

/// <summary>Llama 3.1 and later: the answer begins with an object, or one follows <c>&lt;|python_tag|&gt;</c>.</summary>
internal sealed class Llama3JsonFormat() : JsonFormat(new JsonCallSyntax("<|python_tag|>", Open: "", Separator: ";", Close: "", MayBeBare: true), "parameters")
{
    public override string Name => "llama3_json";

    protected override string Sign => "\"parameters\": ";

    protected override string Start => "";

    protected override string Separator => "; ";

    protected override string End => "";
}
