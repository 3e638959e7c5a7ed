using Llama.Server.Tools.Reading;

namespace Llama.Server.Tools.Formats;

/// <summary>Mistral 7B v0.3 and its kin: a control token, then an array of objects.</summary>
internal sealed class MistralFormat() : JsonFormat(new JsonCallSyntax("[TOOL_CALLS]", Open: "[", Separator: ",", "]", MayBeBare: true), "arguments")
{
    public override string Name => "mistral";

    public override bool NeedsMarker => true;

    protected override string Sign => "[TOOL_CALLS]";

    protected override string Start => "[";

    protected override string Separator => ", ";

    protected override string End => "]";
}
