using System.Diagnostics;

namespace Llama.Model.Threads;

/// <summary>
/// One thread's waiting for a number that others raise: it spins for a moment, then offers its core to whoever wants it, then parks and costs nothing. Where it is known that the other is on the same core
/// it leaves that instead, see <see cref="Core"/>.
/// </summary>
internal sealed class Sleeper : IDisposable
{
    private static readonly long OfferTicks = Stopwatch.Frequency / 200_000, ParkTicks = Stopwatch.Frequency / 10_000; // after 5 and 100 µs
    private static readonly long StayTicks = Stopwatch.Frequency / 1_000; // 1 ms on a core at least: going to another costs some 20 µs, and where threads are more than cores it is in vain

    private readonly AutoResetEvent _wakeUp = new(false);
    private PaddedLong _isParked;
    private long _movedAt;

    /// <summary>Call after the number has changed, with a full fence between.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _isParked.Value) != 0 && Interlocked.Exchange(ref _isParked.Value, 0) != 0) _wakeUp.Set();
    }

    /// <summary>Returns the number once it is another.</summary>
    /// <param name="number">What others raise.</param>
    /// <param name="seen">What it was.</param>
    /// <param name="spins">Whether to spin at first; not where that would take a core from who raises it.</param>
    public long WaitForOther(ref PaddedLong number, long seen, bool spins = true)
    {
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref number.Value) == seen)
        {
            long waited = spins ? Stopwatch.GetTimestamp() - start : ParkTicks;
            if (waited >= ParkTicks) Park(ref number.Value, seen);
            else if (waited < OfferTicks) Thread.SpinWait(1);
            else if (!TryMoveAway(number.Core)) Thread.Yield();
        }
        return Volatile.Read(ref number.Value);
    }

    public void Dispose() => _wakeUp.Dispose();

    private bool TryMoveAway(int core)
    {
        if (core == Core.None || core != Core.Current) return false;
        long now = Stopwatch.GetTimestamp();
        if (now - _movedAt < StayTicks) return false;
        _movedAt = now;
        Core.Leave();
        return true;
    }

    private void Park(ref long number, long seen)
    {
        Interlocked.Exchange(ref _isParked.Value, 1);
        // Either the other sees that this thread is parked, or this thread that the number has changed; when both do, the event is set and must be taken.
        if (Volatile.Read(ref number) == seen || Interlocked.Exchange(ref _isParked.Value, 0) == 0) _wakeUp.WaitOne();
    }
}
