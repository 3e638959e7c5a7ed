using System.CommandLine;
using System.CommandLine.Parsing;

namespace Llama.Server.CommandLine;

/// <summary>Options with a few spellings, in any case. The library's own message names what was given but not the option.</summary>
internal static class Choices
{
    public static void TakesOneOf(this Option<string> option, params string[] spellings)
    {
        option.HelpName = string.Join('|', spellings);
        option.CustomParser = result => Read(result, option.Name, spellings);
    }

    private static string? Read(ArgumentResult result, string option, string[] spellings)
    {
        string given = result.Tokens[0].Value;
        string? meant = Find(spellings, given);
        if (meant is null) result.AddError($"{option} is '{given}'; use one of {string.Join(", ", spellings)}.");
        return meant;
    }

    /// <summary>The name that is meant; null where it is none of them.</summary>
    public static string? Find(IEnumerable<string> names, string given) => names.FirstOrDefault(name => name.Equals(given, StringComparison.OrdinalIgnoreCase));
}
