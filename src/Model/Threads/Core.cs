using System.Numerics;
using System.Runtime.InteropServices;

namespace Llama.Model.Threads;

/// <summary>
/// The core that a thread runs on. Of two threads on one core that keep waiting for each other only one is ever ready, so for milliseconds the system moves neither, although other cores are idle: each wait
/// then lasts as long as the other's work and its spinning. Whoever finds out that it waits for a thread of its own core leaves.
/// </summary>
internal static unsafe partial class Core
{
    /// <summary>No core, or none that is known.</summary>
    public const int None = -1;

    private const int MostCores = 1024, Words = MostCores / 64; // as many as the system's masks have by default

    /// <summary>The calling thread's, at this moment.</summary>
    public static int Current => OperatingSystem.IsLinux() ? sched_getcpu() : None;

    /// <summary>Moves the calling thread to another core, if it may run on one; where it may run stays as it is.</summary>
    public static void Leave()
    {
        ulong* allowed = stackalloc ulong[Words], others = stackalloc ulong[Words];
        int core = Current;
        if ((uint)core >= MostCores || sched_getaffinity(0, Words * sizeof(ulong), allowed) != 0) return;
        int count = 0;
        for (int word = 0; word < Words; word++)
        {
            others[word] = word == core / 64 ? allowed[word] & ~(1UL << core % 64) : allowed[word];
            count += BitOperations.PopCount(others[word]);
        }
        if (count > 0 && sched_setaffinity(0, Words * sizeof(ulong), others) == 0) _ = sched_setaffinity(0, Words * sizeof(ulong), allowed);
    }

    [LibraryImport("libc"), SuppressGCTransition]
    private static partial int sched_getcpu();

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nuint bytes, ulong* cores);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint bytes, ulong* cores);
}
