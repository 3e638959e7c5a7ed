using Llama.Model.Guidance;
using Llama.Server.Guidance;

namespace Llama.Server.Tools;

/// <summary>Either calls of tools or what a format describes: the model decides.</summary>
internal sealed record CallsOrText(ToolCallGuidance Calls, OutputGuidance Text) : OutputGuidance(Text.Param)
{
    public override string Key => $"{Calls.Key}\nor {Text.Key}";

    public override Grammar Compile(JsonWhitespace whitespace)
    {
        // What is wrong with the tools is told under their own names, as when they are forced.
        Grammar calls = Compile(Calls, whitespace), text = Compile(Text, whitespace);
        return Grammar.AnyOf(calls, text);
    }

    public override string ParamOf(string path) => path;

    private static Grammar Compile(OutputGuidance part, JsonWhitespace whitespace)
    {
        try
        {
            return part.Compile(whitespace);
        }
        catch (GrammarException fault)
        {
            throw new GrammarException(part.ParamOf(fault.Path), fault.Message);
        }
    }
}
