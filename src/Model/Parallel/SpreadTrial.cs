namespace Llama.Model.Parallel;

/// <summary>How long the processor's devices take for products of their layers, a stage at a time and all at once: what <see cref="SpreadSwitch"/> compares. While no step is under way.</summary>
internal sealed class SpreadTrial : IDisposable
{
    private readonly IReadOnlyList<PartRunner> _parts;
    private readonly int _shardCount; // devices of a stage
    private readonly ProductTrial?[] _trials;
    private readonly double[] _seconds;

    /// <summary>Makes ready what the devices multiply, each on its thread.</summary>
    /// <param name="parts">All devices, loaded.</param>
    /// <param name="stages">How many stages they are.</param>
    public SpreadTrial(IReadOnlyList<PartRunner> parts, int stages)
    {
        (_parts, _shardCount, _trials, _seconds) = (parts, parts.Count / stages, new ProductTrial?[parts.Count], new double[parts.Count]);
        On(0, parts.Count, i => _trials[i] = parts[i].Model!.CreateProductTrial(SpreadSwitch.MostRows));
    }

    /// <summary>Seconds with so many rows, while all but one stage rest, in all.</summary>
    public double Alone(int rows)
    {
        for (int first = 0; first < _parts.Count; first += _shardCount) Time(first, _shardCount, rows);
        return _seconds.Sum();
    }

    /// <summary>The same while all are at work.</summary>
    public double Beside(int rows)
    {
        Time(0, _parts.Count, rows);
        return _seconds.Sum();
    }

    public void Dispose() => On(0, _parts.Count, i => _trials[i]?.Dispose());

    private void Time(int first, int count, int rows) => On(first, count, i => _seconds[i] = _trials[i]!.Time(rows));

    private void On(int first, int count, Action<int> task)
    {
        PartRunner[] parts = [.. _parts.Skip(first).Take(count)];
        for (int i = count - 1; i >= 0; i--) // the first last: it may be this thread's
        {
            int index = first + i;
            if (!parts[i].Choice.Device.IsCuda) parts[i].Begin(() => task(index));
        }
        foreach (PartRunner part in parts) part.Settle()?.Throw();
    }
}
