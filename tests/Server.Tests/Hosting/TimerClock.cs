namespace Llama.Server.Tests.Hosting;

/// <summary>Time that moves only when told to, with one timer on it.</summary>
internal sealed class TimerClock : TimeProvider
{
    private OneTimer? _timer;
    private TimeSpan _now;

    /// <summary>When the timer is to ring.</summary>
    public TimeSpan Due => _timer!.Due;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timer = new OneTimer(this, () => callback(state));
        _timer.Change(dueTime, period);
        return _timer;
    }

    /// <summary>Lets time pass; the timer rings once if it is due.</summary>
    public void Advance(TimeSpan time)
    {
        _now += time;
        if (Due <= _now) _timer!.Ring();
    }

    private sealed class OneTimer(TimerClock clock, Action ring) : ITimer
    {
        private TimeSpan _period;
        private bool _isDisposed;

        public TimeSpan Due { get; private set; }

        public void Ring()
        {
            Due += _period;
            ring();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            (Due, _period) = (clock._now + dueTime, period);
            return !_isDisposed;
        }

        public void Dispose() => _isDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
