using System.Diagnostics;

namespace Llama.Model.Threads;

/// <summary>One thread's waiting for a number that others raise: it spins for a moment, then parks and costs nothing.</summary>
internal sealed class Sleeper : IDisposable
{
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000; // 50 µs

    private readonly AutoResetEvent _wakeUp = new(false);
    private PaddedLong _isParked;

    /// <summary>Call after the number has changed, with a full fence between.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _isParked.Value) != 0 && Interlocked.Exchange(ref _isParked.Value, 0) != 0) _wakeUp.Set();
    }

    /// <summary>Returns the number once it is another.</summary>
    /// <param name="number">What others raise.</param>
    /// <param name="seen">What it was.</param>
    /// <param name="spins">Whether to spin at first; not where that would take a core from who raises it.</param>
    public long WaitForOther(ref long number, long seen, bool spins = true)
    {
        long deadline = spins ? Stopwatch.GetTimestamp() + SpinTicks : 0;
        while (Volatile.Read(ref number) == seen)
        {
            if (spins && Stopwatch.GetTimestamp() < deadline) Thread.SpinWait(1);
            else Park(ref number, seen);
        }
        return Volatile.Read(ref number);
    }

    public void Dispose() => _wakeUp.Dispose();

    private void Park(ref long number, long seen)
    {
        Interlocked.Exchange(ref _isParked.Value, 1);
        // Either the other sees that this thread is parked, or this thread that the number has changed; when both do, the event is set and must be taken.
        if (Volatile.Read(ref number) == seen || Interlocked.Exchange(ref _isParked.Value, 0) == 0) _wakeUp.WaitOne();
    }
}
