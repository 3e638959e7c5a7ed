using System.CommandLine;

namespace Llama.Server.CommandLine;

/// <summary>A verb that reads the server's settings, given among its own options. To any other verb a setting is an error.</summary>
internal sealed class SettingsCommand : Command
{
    private const string Spelling = "Settings of the server go as --Section:Key=value, as for serving (--Model:Path, --Model:Dtype, --Model:Kernels …); --help without a verb lists them.";

    /// <param name="name">The word.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="explanation">What more its <c>--help</c> says; empty for nothing.</param>
    public SettingsCommand(string name, string description, string explanation = "") : base(name, description) =>
        Add(ExplainedHelp.Option(explanation.Length == 0 ? Spelling : $"{explanation}\n\n{Spelling}"));
}
