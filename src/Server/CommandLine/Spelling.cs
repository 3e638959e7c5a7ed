using System.CommandLine;

namespace Llama.Server.CommandLine;

/// <summary>Whether a word that a command does not know may be one of its own, misspelt.</summary>
internal static class Spelling
{
    private const int MostEdits = 2;

    /// <summary>Whether a verb (of an option: an option) is one or two edits away, and not all of the word is changed by them.</summary>
    /// <param name="word">As it was typed.</param>
    /// <param name="command">Whose words count.</param>
    public static bool IsNearToAny(string word, Command command) =>
        Words(command, word.StartsWith('-')).Any(known => Edits(word, known) is var edits && edits <= MostEdits && edits < word.TrimStart('-').Length);

    private static IEnumerable<string> Words(Command command, bool areOptions) =>
        areOptions ? command.Options.SelectMany(option => option.Aliases.Append(option.Name)) : command.Subcommands.SelectMany(verb => verb.Aliases.Append(verb.Name));

    // Letters put in, taken out or exchanged (Levenshtein), row by row.
    private static int Edits(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 0; i < from.Length; i++)
        {
            int diagonal = row[0]++;
            for (int j = 0; j < to.Length; j++)
                (diagonal, row[j + 1]) = (row[j + 1], Math.Min(Math.Min(row[j], row[j + 1]) + 1, diagonal + (from[i] == to[j] ? 0 : 1)));
        }
        return row[^1];
    }
}
