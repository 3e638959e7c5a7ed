using Llama.Server.Configuration;

namespace Llama.Server.CommandLine;

/// <summary>Takes the server's settings out of a verb's command line, in the spelling that the server reads: <c>--Section:Key=value</c> or <c>--Section:Key value</c>.</summary>
internal static class SettingsArguments
{
    /// <summary>The settings as the host's command line, and all other arguments in their order.</summary>
    public static (string[] Settings, string[] Others) Split(string[] args)
    {
        List<string> settings = [], others = [];
        for (int i = 0; i < args.Length; i++)
        {
            if (!IsSetting(args[i]))
                others.Add(args[i]);
            else if (args[i].Contains('=') || i + 1 == args.Length || args[i + 1].StartsWith("--", StringComparison.Ordinal))
                settings.Add(args[i]); // one without a value is told by whoever reads it
            else
                settings.Add($"{args[i]}={args[++i]}");
        }
        return ([.. settings], [.. others]);
    }

    private static bool IsSetting(string argument) => argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf(':') is > 2 and var end && ServerSections.Names.IsSection(argument[2..end]);
}
