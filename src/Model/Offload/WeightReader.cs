using Llama.Model.Threads;

namespace Llama.Model.Offload;

/// <summary>
/// A thread that reads its part of each load, as long as there are buffers to fill. Between it and the thread of the model only two counts pass: how many loads were given back, and how many it has done.
/// </summary>
internal sealed class WeightReader : IDisposable
{
    private readonly Tally _released = new(), _done = new();
    private readonly Action<long, StageMemory> _read;
    private readonly Thread _thread;
    private Exception? _failure; // written before the count is raised
    private volatile bool _isStopping;

    /// <summary>Starts the thread.</summary>
    /// <param name="read">Reads its part of a load.</param>
    public WeightReader(Action<long, StageMemory> read)
    {
        _read = read;
        _thread = new Thread(Live) { Name = "Llama reader", IsBackground = true };
        _thread.Begin();
    }

    /// <summary>Tells it that one more load was given back.</summary>
    public void Release() => _released.Raise();

    /// <summary>Waits until it has done its part of a load.</summary>
    /// <exception cref="RunnerLostException">It could not.</exception>
    public void WaitFor(long load)
    {
        _done.WaitFor(load + 1, spins: false); // it needs the core
        if (_failure is not null) throw RunnerLostException.OfWeights(_failure);
    }

    /// <summary>Lets it finish what it is reading, and ends it.</summary>
    public void Dispose()
    {
        _isStopping = true;
        Release(); // more than one it never waits for
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
                _done.Raise();
            }
        }
        catch (Exception e) // carried to the thread of the model
        {
            _failure = e;
            _done.Raise();
        }
    }

    private bool IsWanted(long load)
    {
        _released.WaitFor(load - OffloadPlan.Buffers + 1, spins: false);
        return !_isStopping;
    }
}
