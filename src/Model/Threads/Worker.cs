using System.Diagnostics;

namespace Llama.Model.Threads;

/// <summary>One thread of a team. Between loops it spins for a moment, for in a step the next loop comes within microseconds; then it parks and costs nothing.</summary>
internal sealed class Worker
{
    /// <summary>For who waits for a worker: some 40 µs, after which it may have been put off its core.</summary>
    public const int SpinsBeforeYield = 1000;

    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000; // 50 µs

    private readonly ThreadTeam _team;
    private readonly int _slot;
    private readonly Thread _thread;
    private readonly AutoResetEvent _wakeUp = new(false);
    private PaddedLong _isParked;
    private volatile bool _isStopping;

    /// <summary>Starts the thread.</summary>
    public Worker(ThreadTeam team, int slot)
    {
        (_team, _slot) = (team, slot);
        _thread = new Thread(Live) { Name = $"Llama worker {slot}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Call after the loop's number has changed.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _isParked.Value) != 0 && Interlocked.Exchange(ref _isParked.Value, 0) != 0) _wakeUp.Set();
    }

    /// <summary>Lets the thread end when it sees the next loop.</summary>
    public void Stop() => _isStopping = true;

    public void Join()
    {
        _thread.Join();
        _wakeUp.Dispose();
    }

    private void Live()
    {
        ThreadTeam.Enter(_slot);
        ParallelFor.Use(_team); // a loop inside one finds the team busy, and so runs here alone
        long seen = 0;
        while (!_isStopping)
        {
            _team.Work(_slot);
            seen = WaitForOther(seen);
        }
    }

    private long WaitForOther(long seen)
    {
        long deadline = Stopwatch.GetTimestamp() + SpinTicks;
        while (_team.LoopNumber == seen)
        {
            if (Stopwatch.GetTimestamp() < deadline) Thread.SpinWait(1);
            else Park(seen);
        }
        return _team.LoopNumber;
    }

    private void Park(long seen)
    {
        Interlocked.Exchange(ref _isParked.Value, 1);
        // Either the caller sees that this thread is parked, or this thread that there is a new loop; when both do, the event is set and must be taken.
        if (_team.LoopNumber == seen || Interlocked.Exchange(ref _isParked.Value, 0) == 0) _wakeUp.WaitOne();
    }
}
