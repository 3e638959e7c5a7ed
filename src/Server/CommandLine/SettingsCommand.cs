using System.CommandLine;

namespace Llama.Server.CommandLine;

/// <summary>A verb that reads the server's settings, given among its own options. To any other verb a setting is an error.</summary>
/// <param name="name">The word.</param>
/// <param name="description">For <c>--help</c>.</param>
/// <param name="settings">As <c>--Section:Key=value</c>.</param>
internal sealed class SettingsCommand(string name, string description, string[] settings) : Command(name, description + "\n\n" + Spelling)
{
    private const string Spelling = "Settings of the server go as --Section:Key=value, as for serving (--Model:Path, --Model:Dtype, --Model:Kernels …); --help without a verb lists them.";

    public string[] Settings { get; } = settings;
}
