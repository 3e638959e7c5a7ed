using System.CommandLine.Parsing;

namespace Llama.Server.CommandLine;

/// <summary>An option that stands where the value of the one before it should, as where a script's variable is empty: the library takes it for that value, and <c>--out --force</c> for a file of that name.</summary>
internal static class SwallowedOption
{
    /// <summary>What to say of the first; null where there is none.</summary>
    public static string? Find(CommandResult verb) =>
        (from option in verb.Children.OfType<OptionResult>()
         from token in option.Tokens
         where verb.Command.Options.Any(other => other.Name == token.Value || other.Aliases.Contains(token.Value))
         select $"{option.Option.Name} has no value, as {token.Value} behind it is an option itself; give {option.Option.Name} one.").FirstOrDefault();
}
