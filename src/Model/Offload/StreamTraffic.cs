using System.Diagnostics;

namespace Llama.Model.Offload;

/// <summary>What has come of weights that do not stay with a device, and for how long its steps have waited for them. The thread that runs its steps alone adds; any may read.</summary>
/// <param name="isWaitedFor">Whether that thread waits for them; on a GPU what was enqueued does, and nobody is told.</param>
public sealed class StreamTraffic(bool isWaitedFor)
{
    private long _bytes, _ticks;

    /// <summary>Bytes read, or copied to the device, for steps: those of units that came, and of those that are kept since there is room.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Time in which nothing was computed for want of them; null where nobody can tell.</summary>
    public TimeSpan? Waited => isWaitedFor ? Stopwatch.GetElapsedTime(0, Volatile.Read(ref _ticks)) : null;

    /// <summary>Adds what has come, and how long it was waited for in ticks of <see cref="Stopwatch"/>.</summary>
    public void Add(long bytes, long ticks)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _ticks, _ticks + ticks);
    }
}
