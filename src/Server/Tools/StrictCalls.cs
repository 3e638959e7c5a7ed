using Llama.Model.Guidance;
using Llama.Server.Guidance;

namespace Llama.Server.Tools;

/// <summary>Text of the model's own in which each call that it begins keeps to its tool's schema.</summary>
internal sealed record StrictCalls(ToolCallGuidance Calls) : OutputGuidance("tools")
{
    public override string Key => "free " + Calls.Key;

    public override Grammar Compile(JsonWhitespace whitespace) => Calls.Format.FreeCalls(Calls.Tools(whitespace), Calls.Use.IsParallel);

    public override string ParamOf(string path) => Calls.ParamOf(path);
}
