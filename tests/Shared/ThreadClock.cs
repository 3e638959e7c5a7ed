using System.Runtime.InteropServices;

namespace Llama.Tests.Shared;

/// <summary>The CPU time of the calling thread: a busy machine says the same as an idle one. Linux.</summary>
public static partial class ThreadClock
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID, clock_gettime(2)

    /// <summary>Spent by the calling thread so far.</summary>
    public static TimeSpan Now
    {
        get
        {
            _ = ClockGetTime(ThreadCpuTime, out Timespec time);
            return new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick));
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Timespec time);

    private record struct Timespec(long Seconds, long Nanoseconds);
}
