using System.Diagnostics;

namespace Llama.Model;

/// <summary>For how long a device has worked at steps, or waited in them for others that share its layers. The thread that runs its steps alone adds; any may read.</summary>
public sealed class BusyTime
{
    private long _ticks;

    /// <summary>Of all steps that are through.</summary>
    public TimeSpan Total => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _ticks));

    /// <summary>Begins a stretch of work, which counts once it is disposed.</summary>
    internal Stretch Begin() => new(this);

    /// <summary>From <see cref="Begin"/> to the end of the block.</summary>
    internal readonly ref struct Stretch(BusyTime time)
    {
        private readonly long _start = Stopwatch.GetTimestamp();

        public void Dispose() => Volatile.Write(ref time._ticks, time._ticks + Stopwatch.GetTimestamp() - _start);
    }
}
