using System.Globalization;

namespace Llama.Server.CommandLine;

/// <summary>A bar that fills on one line of a terminal; nothing where the text goes to a file.</summary>
/// <param name="output">Where to.</param>
/// <param name="doing">What takes its time.</param>
internal sealed class ProgressLine(TextWriter output, string doing) : IProgress<double>
{
    private const int Width = 40;
    private readonly bool _isTerminal = IsTerminal(output);
    private int _shown = -1;

    /// <summary>Whether a line there can be written over.</summary>
    public static bool IsTerminal(TextWriter output) => TerminalOutput.IsSeen(output);

    /// <summary>Shows a share from 0 to 1.</summary>
    public void Report(double share)
    {
        int percent = (int)(share * 100), filled = (int)(share * Width);
        if (!_isTerminal || percent == _shown) return;
        _shown = percent;
        output.Write(string.Create(CultureInfo.InvariantCulture, $"\r{doing} [{new string('#', filled)}{new string(' ', Width - filled)}] {percent,3} %"));
    }

    /// <summary>Clears the line.</summary>
    public void End()
    {
        if (_shown >= 0) output.Write($"\r{new string(' ', doing.Length + Width + 9)}\r");
    }
}
