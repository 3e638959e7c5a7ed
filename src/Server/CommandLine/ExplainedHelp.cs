using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Llama.Server.CommandLine;

/// <summary>A verb's help with more below it than the one sentence that lists of verbs show.</summary>
internal sealed class ExplainedHelp(string explanation) : SynchronousCommandLineAction
{
    private readonly HelpAction _usual = new();

    public override bool ClearsParseErrors => true;

    public static HelpOption Option(string explanation) => new() { Action = new ExplainedHelp(explanation) };

    public override int Invoke(ParseResult parseResult)
    {
        int code = _usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.WriteLine(explanation);
        return code;
    }
}
