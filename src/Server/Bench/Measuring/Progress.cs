using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Measuring;

/// <summary>Says how far a measurement is: a bar for each part on a terminal, else its name on a line.</summary>
/// <param name="output">Standard error, as a rule: what is measured goes elsewhere.</param>
internal sealed class Progress(TextWriter output)
{
    private readonly Lock _turn = new(); // requests end on many threads
    private ProgressLine? _line;
    private int _total, _done;

    /// <summary>Begins a part that has so many steps.</summary>
    public void Begin(string part, int total)
    {
        lock (_turn)
        {
            _line?.Dispose();
            (_line, _total, _done) = (new ProgressLine(output, part), total, 0);
            if (ProgressLine.IsTerminal(output)) _line.Report(0);
            else output.WriteLine(part);
        }
    }

    /// <summary>One step is done.</summary>
    public void Step()
    {
        lock (_turn) _line?.Report((double)++_done / _total);
    }

    /// <summary>Takes the bar away.</summary>
    public void End()
    {
        lock (_turn) _line?.Dispose();
    }
}
