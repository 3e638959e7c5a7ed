namespace Llama.Server.CommandLine;

/// <summary>A line that says how much is done, written over itself on a terminal and not at all elsewhere.</summary>
/// <param name="output">Where people look; shown only where that is the terminal.</param>
/// <param name="total">Bytes in all.</param>
internal sealed class ProgressLine(TextWriter output, long total) : IDisposable
{
    private const int Width = 40;
    private readonly bool _isShown = ReferenceEquals(output, Console.Error) && !Console.IsErrorRedirected;
    private long _done;
    private int _shown = -1;

    /// <summary>Counts bytes; from any thread.</summary>
    public void Add(long bytes)
    {
        int percent = (int)(100 * Interlocked.Add(ref _done, bytes) / total);
        if (!_isShown || Interlocked.Exchange(ref _shown, percent) == percent) return;
        int full = percent * Width / 100;
        output.Write($"\r{new string('█', full)}{new string('░', Width - full)} {percent,3} %");
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        if (_isShown) output.Write($"\r{new string(' ', Width + 6)}\r");
    }
}
