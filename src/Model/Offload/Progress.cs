using Llama.Model.Threads;

namespace Llama.Model.Offload;

/// <summary>A number that one thread raises and another waits for, asleep: by atomic operations, as a <see cref="Worker"/> parks.</summary>
internal sealed class Progress : IDisposable
{
    private readonly AutoResetEvent _wakeUp = new(false);
    private PaddedLong _value, _isParked;

    public long Value => Volatile.Read(ref _value.Value);

    /// <summary>Sets the number, which must not be less than before. What the calling thread wrote until now, who sees the number sees too.</summary>
    public void Raise(long value)
    {
        Interlocked.Exchange(ref _value.Value, value);
        if (Volatile.Read(ref _isParked.Value) != 0 && Interlocked.Exchange(ref _isParked.Value, 0) != 0) _wakeUp.Set();
    }

    /// <summary>Waits until the number is no less than this. One thread only.</summary>
    public void WaitFor(long value)
    {
        while (Value < value)
        {
            Interlocked.Exchange(ref _isParked.Value, 1);
            // Either the other thread sees that this one is parked, or this one sees the number; when both do, the event is set and must be taken.
            if (Value < value || Interlocked.Exchange(ref _isParked.Value, 0) == 0) _wakeUp.WaitOne();
        }
    }

    public void Dispose() => _wakeUp.Dispose();
}
