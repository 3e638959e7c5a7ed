namespace Llama.Server.CommandLine.Terminal;

/// <summary>Where a conversation is shown. What servers send reaches a terminal without the characters that command it; a file gets it as it is.</summary>
/// <param name="output">Answers, and what commands tell.</param>
/// <param name="error">What went wrong.</param>
/// <param name="isTerminal">Whether a person looks at the output.</param>
/// <param name="isConversation">Whether a person also types the input.</param>
/// <param name="hasColour">Whether lesser things may be dim.</param>
internal sealed class Screen(TextWriter output, TextWriter error, bool isTerminal, bool isConversation, bool hasColour)
{
    public bool IsConversation => isConversation;

    public static Screen Of(TextWriter output, TextWriter error)
    {
        bool isTerminal = TerminalOutput.IsSeen(output);
        return new Screen(output, error, isTerminal, isTerminal && !Console.IsInputRedirected, TerminalOutput.HasColour(output));
    }

    /// <summary>Asks for a line.</summary>
    public void Prompt(string mark)
    {
        if (isConversation) Write(mark);
    }

    /// <summary>A piece of an answer.</summary>
    public void Show(string piece) => Write(isTerminal ? SafeText.Of(piece) : piece);

    /// <summary>A line that was asked for.</summary>
    public void Tell(string line) => Show(line + "\n");

    /// <summary>A line that only a person needs.</summary>
    public void Note(string line)
    {
        if (isTerminal) Write(hasColour ? $"\e[2m{SafeText.Of(line)}\e[0m\n" : SafeText.Of(line) + "\n");
    }

    /// <summary>What went wrong, and what to do.</summary>
    public void Fail(string line) => error.WriteLine(SafeText.Of(line));

    private void Write(string text)
    {
        output.Write(text);
        output.Flush();
    }
}
