using Llama.Model.Guidance;
using Llama.Server.Guidance;

namespace Llama.Server.Tools;

/// <summary>Either calls of tools or what a format describes: the model decides.</summary>
internal sealed record CallsOrText(ToolCallGuidance Calls, OutputGuidance Text) : OutputGuidance(Text.Param)
{
    private const char OfCalls = 'c', OfText = 't'; // begin the path of a fault

    public override string Key => $"{Calls.Key}\nor {Text.Key}";

    public override Grammar Compile(JsonWhitespace whitespace)
    {
        // What is wrong with the tools is told under their own names, as when they are forced.
        Grammar calls = Compile(Calls, OfCalls, whitespace), text = Compile(Text, OfText, whitespace);
        return Grammar.AnyOf(calls, text);
    }

    public override string ParamOf(string path) => path.Length == 0 ? Param : (path[0] == OfCalls ? Calls : Text).ParamOf(path[1..]);

    private static Grammar Compile(OutputGuidance part, char mark, JsonWhitespace whitespace)
    {
        try
        {
            return part.Compile(whitespace);
        }
        catch (GrammarException fault)
        {
            throw new GrammarException(mark + fault.Path, fault.Message);
        }
    }
}
