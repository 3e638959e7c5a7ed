using System.Runtime.InteropServices;

namespace Llama.Model.Offload;

/// <summary>What the C library does with memory that was freed.</summary>
internal static partial class FreedMemory
{
    /// <summary>
    /// From now on blocks of a mebibyte or more go back to the system as they are freed. By itself glibc keeps those of up to 32 MiB once one was freed, and gives little of them back: plain kernels, which
    /// allocate their intermediate results anew, came to 400 MiB beside a limit by that (tests/Bench/NOTES.md).
    /// </summary>
    public static void GoesBackAtOnce()
    {
        const int mmapThreshold = -3; // M_MMAP_THRESHOLD of glibc's malloc.h
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = mallopt(mmapThreshold, 1 << 20);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, which has no such habit.
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
