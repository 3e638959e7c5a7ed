using System.Diagnostics;

namespace Llama.Model;

/// <summary>For how long a device has worked at steps, or waited in them for others that share its layers. The thread that runs its steps alone adds; any may read.</summary>
public sealed class BusyTime
{
    private long _ticks;

    /// <summary>Of all steps that are through.</summary>
    public TimeSpan Total => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _ticks));

    /// <summary>Adds the time since a timestamp of <see cref="Stopwatch"/>.</summary>
    internal void AddSince(long start) => Volatile.Write(ref _ticks, _ticks + Stopwatch.GetTimestamp() - start);
}
