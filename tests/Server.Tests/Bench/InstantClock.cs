using Llama.Tests.Shared;

namespace Llama.Server.Tests.Bench;

/// <summary>A clock on which waiting takes no time: a timer moves it to its due time and fires.</summary>
internal sealed class InstantClock : TimeProvider
{
    private readonly ManualClock _clock = new();

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _clock.Advance(dueTime);
        callback(state);
        return new Fired();
    }

    private sealed class Fired : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
