namespace Llama.Server.CommandLine.Terminal;

/// <summary>Where a conversation is shown. What servers send reaches a terminal without the characters that command it; a file gets it as it is.</summary>
/// <param name="output">Answers, and what commands tell.</param>
/// <param name="error">What went wrong.</param>
/// <param name="isTerminal">Whether a person looks at the output.</param>
/// <param name="isConversation">Whether a person also types the input.</param>
/// <param name="hasColour">Whether lesser things may be dim.</param>
/// <param name="isRead">Whether anybody takes the output; null for always.</param>
internal sealed class Screen(TextWriter output, TextWriter error, bool isTerminal, bool isConversation, bool hasColour, Func<bool>? isRead = null)
{
    private const int OutputNumber = 1;

    public bool IsConversation => isConversation;

    /// <summary>Whether anybody takes the output; of <c>chat | head -1</c> nobody does after a line, and writing would not fail.</summary>
    public bool IsRead => isRead is null || isRead();

    public static Screen Of(TextWriter output, TextWriter error)
    {
        bool isTerminal = TerminalOutput.IsSeen(output);
        Func<bool>? isRead = ReferenceEquals(output, Console.Out) ? () => Descriptor.IsRead(OutputNumber) : null;
        return new Screen(output, error, isTerminal, isTerminal && !Console.IsInputRedirected, TerminalOutput.HasColour(output), isRead);
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
