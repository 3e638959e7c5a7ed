namespace Llama.Server.Bench.Measuring;

/// <summary>Says how far a measurement is: a bar on a terminal, else a line for each part.</summary>
/// <param name="output">Standard error, as a rule: what is measured goes elsewhere.</param>
/// <param name="isTerminal">Whether a line can be written over.</param>
internal sealed class Progress(TextWriter output, bool isTerminal)
{
    private const int Width = 30;

    private readonly Lock _turn = new(); // requests end on many threads
    private string _part = "";
    private int _total, _done, _shown;

    public static Progress To(TextWriter error) => new(error, ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected);

    /// <summary>Begins a part that has so many steps.</summary>
    public void Begin(string part, int total)
    {
        lock (_turn)
        {
            (_part, _total, _done, _shown) = (part, total, 0, -1);
            if (isTerminal) Show();
            else output.WriteLine(part);
        }
    }

    /// <summary>One step is done.</summary>
    public void Step()
    {
        lock (_turn)
        {
            _done++;
            if (isTerminal) Show();
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void End()
    {
        lock (_turn)
            if (isTerminal) output.Write("\r\e[K");
    }

    private void Show()
    {
        int filled = Math.Min(Width, Width * _done / Math.Max(1, _total));
        if (filled == _shown && _total > Width) return; // thousands of requests need not be thousands of writes
        _shown = filled;
        output.Write($"\r\e[K{new string('█', filled)}{new string('░', Width - filled)} {_done}/{_total} {_part}");
    }
}
