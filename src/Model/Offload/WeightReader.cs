namespace Llama.Model.Offload;

/// <summary>
/// A thread that reads its part of each load, as long as there are buffers to fill. Between it and the thread of the model only two numbers pass: how many loads were given back, and how many it has done.
/// </summary>
internal sealed class WeightReader : IDisposable
{
    private readonly Progress _released = new(), _done = new();
    private readonly Action<long, StageMemory> _read;
    private readonly Thread _thread;
    private Exception? _failure; // written before the last number of what is done

    /// <summary>Starts the thread.</summary>
    /// <param name="read">Reads its part of a load.</param>
    public WeightReader(Action<long, StageMemory> read)
    {
        _read = read;
        _thread = new Thread(Live) { Name = "Llama reader", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Tells it how many loads have been given back.</summary>
    public void Release(long count) => _released.Raise(count);

    /// <summary>Waits until it has done its part of a load.</summary>
    /// <exception cref="RunnerLostException">It could not.</exception>
    public void WaitFor(long load)
    {
        _done.WaitFor(load + 1);
        if (_failure is not null) throw new RunnerLostException($"The weights cannot be read any more: {_failure.Message}", _failure);
    }

    /// <summary>Lets it finish what it is reading, and ends it.</summary>
    public void Dispose()
    {
        Release(long.MaxValue);
        _thread.Join();
        _released.Dispose();
        _done.Dispose();
    }

    private void Live()
    {
        StageMemory stage = new();
        try
        {
            for (long load = 0; IsWanted(load); load++)
            {
                _read(load, stage);
                _done.Raise(load + 1);
            }
        }
        catch (Exception e) // carried to the thread of the model
        {
            _failure = e;
            _done.Raise(long.MaxValue);
        }
    }

    private bool IsWanted(long load)
    {
        _released.WaitFor(load - OffloadPlan.Buffers + 1);
        return _released.Value != long.MaxValue;
    }
}
