using System.Runtime.ExceptionServices;

namespace Llama.Model.Threads;

/// <summary>
/// Worker threads that help one calling thread through its loops. No thread but the caller holds state of the model; what passes between them are the few words
/// here and in <see cref="Worker"/>, by atomic operations, which no channel does in the time of a loop (1 µs). A loop goes so:
/// <list type="number">
/// <item>The caller cuts [0, count) into one <see cref="Share"/> per thread, the same each time, so that a thread finds its part of a weight in its cache.</item>
/// <item>It announces the loop: workers that spin see it at once, parked ones are woken.</item>
/// <item>Each thread claims pieces of its own share, then of the others'. So uneven pieces even out, and the caller never waits for a worker that has not started.</item>
/// <item>A thread that finds nothing left reports how many items it did; when all are done the caller returns.</item>
/// </list>
/// A worker may come late and meet the next loop: it reads what to call only after a claim, and a loop cannot end, nor another begin, before its claims are done.
/// </summary>
internal sealed unsafe class ThreadTeam : IDisposable
{
    [ThreadStatic]
    private static int _slot;

    private readonly Share[] _shares; // [threads]
    private readonly Worker[] _workers; // [threads − 1]
    private delegate*<long, long, void*, void> _body;
    private void* _state;
    private long _grain;
    private int _isBusy;
    private PaddedLong _left; // items of the loop that are not done
    private PaddedLong _loop; // number of loops announced
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts the workers.</summary>
    /// <param name="threadCount">With the caller; 1 or more.</param>
    public ThreadTeam(int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        _loop.Core = Core.None; // a worker that is on the caller's core is not waited for
        _shares = new Share[threadCount];
        _workers = new Worker[threadCount - 1];
        for (int i = 0; i < _workers.Length; i++) _workers[i] = new Worker(this, slot: i + 1);
    }

    /// <summary>Of the calling thread: 0, or its number as a worker.</summary>
    public static int Slot => _slot;

    /// <summary>The caller and the workers.</summary>
    public int ThreadCount => _shares.Length;

    /// <summary>Runs one loop; see <see cref="ParallelFor"/>. The calling thread has slot 0.</summary>
    public void Run(long count, long grain, delegate*<long, long, void*, void> body, void* state)
    {
        int threads = (int)Math.Min(_shares.Length, count / grain);
        // Busy: a loop inside a loop, or a second thread that calls a shared team.
        if (threads < 2 || count > Share.MostItems || Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            body(0, count, state);
            return;
        }
        _body = body;
        _state = state;
        _grain = grain;
        Volatile.Write(ref _left.Value, count);
        for (int t = 0; t < threads; t++) _shares[t].Set(count * t / threads, count * (t + 1) / threads);
        Interlocked.Increment(ref _loop.Value); // a full fence: a worker that parks sees the new number, or is seen parked
        for (int t = 1; t < threads; t++) _workers[t - 1].Wake();
        Work(slot: 0);
        WaitForOthers();
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        Volatile.Write(ref _isBusy, 0);
        failure?.Throw();
    }

    /// <summary>Ends the workers. No loop may be under way.</summary>
    public void Dispose()
    {
        foreach (Worker worker in _workers) worker.Stop();
        Interlocked.Increment(ref _loop.Value);
        foreach (Worker worker in _workers) worker.Wake();
        foreach (Worker worker in _workers) worker.Join();
    }

    /// <summary>How many loops were announced; workers wait for it to change.</summary>
    internal ref PaddedLong LoopNumber => ref _loop;

    internal static void Enter(int slot) => _slot = slot;

    /// <summary>Does pieces of the loop under way until none is left.</summary>
    internal void Work(int slot)
    {
        long done = 0;
        while (TryClaim(slot, out long begin, out long end))
        {
            Call(begin, end);
            done += end - begin;
        }
        if (done > 0) Interlocked.Add(ref _left.Value, -done);
    }

    private void Call(long begin, long end)
    {
        try
        {
            _body(begin, end, _state);
        }
        catch (Exception e) // carried to the caller; the rest of the loop runs on
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
        }
    }

    private bool TryClaim(int slot, out long begin, out long end)
    {
        if (_shares[slot].TryTakeFirst(_grain, out begin, out end)) return true;
        for (int i = 1; i < _shares.Length; i++)
            if (_shares[(slot + i) % _shares.Length].TryTakeLast(_grain, out begin, out end)) return true;
        return false;
    }

    private void WaitForOthers()
    {
        for (int i = 0; Volatile.Read(ref _left.Value) != 0; i++)
        {
            if (i < Worker.SpinsBeforeYield) Thread.SpinWait(1);
            else Thread.Yield(); // the worker's core may have gone to another thread: perhaps it can have this one
        }
    }
}
