namespace Llama.Model.Threads;

/// <summary>A count that one thread raises and one other waits for: how one hands work to the next without a lock.</summary>
internal sealed class Tally : IDisposable
{
    private readonly Sleeper _sleeper = new();
    private PaddedLong _count;

    /// <summary>Raises it by one; what this thread wrote before is seen by who waited for it.</summary>
    public void Raise()
    {
        _count.Core = Core.Current;
        Interlocked.Increment(ref _count.Value);
        _sleeper.Wake();
    }

    /// <summary>Returns once it has come so far.</summary>
    /// <param name="count">From 1.</param>
    /// <param name="spins">As in <see cref="Sleeper.WaitForOther"/>.</param>
    public void WaitFor(long count, bool spins)
    {
        for (long seen = Volatile.Read(ref _count.Value); seen < count;) seen = _sleeper.WaitForOther(ref _count, seen, spins);
    }

    public void Dispose() => _sleeper.Dispose();
}
