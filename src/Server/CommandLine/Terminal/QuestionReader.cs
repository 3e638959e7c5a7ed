using System.Text;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>Reads questions of one line or several.</summary>
/// <param name="input">From where.</param>
/// <param name="screen">Asks for them.</param>
/// <param name="hasMore">Whether more lines are there already, as when several were pasted at once.</param>
internal sealed class QuestionReader(TextReader input, Screen screen, Func<bool> hasMore)
{
    private const string Quotes = "\"\"\"";

    /// <summary>The next question; null when there are no more.</summary>
    public string? Read()
    {
        screen.Prompt("> ");
        if (input.ReadLine() is not { } line) return null;
        return line.TrimStart().StartsWith(Quotes, StringComparison.Ordinal) ? Quoted(line.TrimStart()[Quotes.Length..]) : Continued(line);
    }

    private string Continued(string line)
    {
        StringBuilder text = new();
        while (true)
        {
            bool goesOn = line.EndsWith('\\');
            text.Append(goesOn ? line[..^1] : line);
            if (!goesOn && !hasMore()) return text.ToString();
            if (goesOn) screen.Prompt("… ");
            if (input.ReadLine() is not { } next) return text.ToString();
            text.Append('\n');
            line = next;
        }
    }

    private string Quoted(string line)
    {
        StringBuilder text = new();
        int end;
        while ((end = line.IndexOf(Quotes, StringComparison.Ordinal)) < 0)
        {
            if (text.Length > 0 || line.Length > 0) text.Append(line).Append('\n');
            screen.Prompt("… ");
            if (input.ReadLine() is not { } next) return text.ToString();
            line = next;
        }
        return text.Append(line[..end]).ToString().TrimEnd('\n');
    }
}
