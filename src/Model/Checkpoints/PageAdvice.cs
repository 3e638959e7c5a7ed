using System.Runtime.InteropServices;

namespace Llama.Model.Checkpoints;

/// <summary>What the system is told about memory (madvise). Only advice: a refusal costs memory or speed, no more, and other systems than Linux do without.</summary>
internal static unsafe partial class PageAdvice
{
    /// <summary>Bytes of a huge page.</summary>
    public const int HugePageBytes = 2 << 20;

    private const int DontNeed = 4, HugePage = 14, NoHugePage = 15; // MADV_DONTNEED: pages of a file come back from it when they are touched again; MADV_(NO)HUGEPAGE

    /// <summary>Lets the process go of the whole pages of a range, which it will hardly read again.</summary>
    public static void LetGo(void* start, long length) => Advise(start, length, Environment.SystemPageSize, DontNeed);

    /// <summary>Asks for huge pages where a range has whole ones; before it is first touched. They read faster: the processor fetches ahead within a page only.</summary>
    public static void WantHugePages(void* start, long length) => Advise(start, length, HugePageBytes, HugePage);

    /// <summary>Asks for no huge pages, where single ones are touched here and there.</summary>
    public static void WantSmallPages(void* start, long length) => Advise(start, length, Environment.SystemPageSize, NoHugePage);

    /// <summary>Reads from each page, so that those of a mapped file count as the process's own from now on.</summary>
    public static void Touch(void* start, long length)
    {
        for (long at = 0; at < length; at += Environment.SystemPageSize) _ = Volatile.Read(ref ((byte*)start)[at]);
    }

    private static void Advise(void* start, long length, int pageBytes, int advice)
    {
        nint first = ((nint)start + pageBytes - 1) & -pageBytes, end = ((nint)start + (nint)length) & -pageBytes;
        if (OperatingSystem.IsLinux() && end > first) _ = madvise((void*)first, (nuint)(end - first), advice);
    }

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}
