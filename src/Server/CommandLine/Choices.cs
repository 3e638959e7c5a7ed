using System.CommandLine;

namespace Llama.Server.CommandLine;

/// <summary>Options with a few spellings. The library's own message names what was given but not the option.</summary>
internal static class Choices
{
    public static void TakesOneOf(this Option<string> option, params string[] spellings)
    {
        option.HelpName = string.Join('|', spellings);
        option.Validators.Add(result =>
        {
            foreach (string given in result.Tokens.Select(token => token.Value).Except(spellings))
                result.AddError($"{option.Name} is '{given}'; use one of {string.Join(", ", spellings)}.");
        });
    }
}
