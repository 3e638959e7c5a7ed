namespace Llama.Server.CommandLine;

/// <summary>Who reads what a verb writes: a person at a terminal, or a file or program.</summary>
internal static class TerminalOutput
{
    /// <summary>Whether a person looks at it.</summary>
    public static bool IsSeen(TextWriter output) =>
        ReferenceEquals(output, Console.Out) ? !Console.IsOutputRedirected : ReferenceEquals(output, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Columns of the terminal that it is seen on; of one that does not say, 80.</summary>
    public static int Columns(TextWriter output) => Descriptor.Columns(ReferenceEquals(output, Console.Out) ? 1 : 2) is > 0 and var columns ? columns : 80;

    /// <summary>Whether it may be in colour: not where the terminal has none, nor where its user wants none (no-color.org).</summary>
    public static bool HasColour(TextWriter output) =>
        IsSeen(output) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
}
