using System.Text.RegularExpressions;

namespace Llama.Tests.Shared;

/// <summary>.NET's own engine as an oracle: the one that cannot run away on nested repetitions, which refuses large ones unless told otherwise.</summary>
public static class DotNetRegex
{
    static DotNetRegex() => AppContext.SetData("REGEX_NONBACKTRACKING_MAX_AUTOMATA_SIZE", 1_000_000);

    public static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking);
}
