namespace Llama.Model.Threads;

/// <summary>One thread of a team. Between loops it spins for a moment, for in a step the next loop comes within microseconds; then it parks and costs nothing.</summary>
internal sealed class Worker
{
    /// <summary>For who waits for a worker: some 40 µs, after which it may have been put off its core.</summary>
    public const int SpinsBeforeYield = 1000;

    private readonly ThreadTeam _team;
    private readonly int _slot;
    private readonly Thread _thread;
    private readonly Sleeper _sleeper = new();
    private volatile bool _isStopping;

    /// <summary>Starts the thread.</summary>
    public Worker(ThreadTeam team, int slot)
    {
        (_team, _slot) = (team, slot);
        _thread = new Thread(Live) { Name = $"Llama worker {slot}", IsBackground = true };
        _thread.Begin();
    }

    /// <summary>Call after the loop's number has changed.</summary>
    public void Wake() => _sleeper.Wake();

    /// <summary>Lets the thread end when it sees the next loop.</summary>
    public void Stop() => _isStopping = true;

    public void Join()
    {
        _thread.Join();
        _sleeper.Dispose();
    }

    private void Live()
    {
        ThreadTeam.Enter(_slot);
        ParallelFor.Use(_team); // a loop inside one finds the team busy, and so runs here alone
        long seen = 0;
        while (!_isStopping)
        {
            _team.Work(_slot);
            seen = _sleeper.WaitForOther(ref _team.LoopNumber, seen);
        }
    }
}
