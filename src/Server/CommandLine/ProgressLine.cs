using System.Globalization;

namespace Llama.Server.CommandLine;

/// <summary>A bar that fills on one line of a terminal; nothing where the text goes to a file.</summary>
/// <param name="output">Where to.</param>
/// <param name="doing">What takes its time.</param>
internal sealed class ProgressLine(TextWriter output, string doing) : IProgress<double>, IDisposable
{
    private const int Width = 40, LeastWidth = 10;
    private readonly bool _isTerminal = IsTerminal(output);
    private int _percent = -1, _length;

    /// <summary>Whether a line there can be written over.</summary>
    public static bool IsTerminal(TextWriter output) => TerminalOutput.IsSeen(output);

    /// <summary>Shows a share from 0 to 1.</summary>
    public void Report(double share)
    {
        int percent = Percent(share);
        if (!_isTerminal || percent == _percent) return;
        string text = Text(doing, share, TerminalOutput.Columns(output));
        output.Write($"\r{text}{new string(' ', Math.Max(0, _length - text.Length))}");
        (_percent, _length) = (percent, text.Length);
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (_length > 0) output.Write($"\r{new string(' ', _length)}\r");
        _length = 0;
    }

    /// <summary>What the line says; shorter than the terminal is wide, as one that runs over into the next cannot be written over.</summary>
    /// <param name="doing">What takes its time.</param>
    /// <param name="share">How far it is, from 0 to 1.</param>
    /// <param name="columns">Of the terminal.</param>
    internal static string Text(string doing, double share, int columns)
    {
        string percent = string.Create(CultureInfo.InvariantCulture, $" {Percent(share),3} %");
        int room = Math.Max(0, columns - 1 - percent.Length), width = Math.Min(Width, room - doing.Length - " []".Length), filled = (int)(share * width);
        return width < LeastWidth
            ? doing[..Math.Min(doing.Length, room)] + percent
            : $"{doing} [{new string('#', filled)}{new string(' ', width - filled)}]{percent}";
    }

    private static int Percent(double share) => (int)(share * 100);
}
