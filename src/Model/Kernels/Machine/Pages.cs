using System.Runtime.InteropServices;

namespace Llama.Model.Kernels.Machine;

/// <summary>Memory from the system, in whole pages of this process alone.</summary>
internal static unsafe partial class Pages
{
    private const int Read = 1, Write = 2, Execute = 4, Private = 2, Anonymous = 0x20;

    /// <summary>Pages to be read and written; null where there are none left.</summary>
    public static byte* TryMap(int bytes)
    {
        nint memory = mmap(0, (nuint)bytes, Read | Write, Private | Anonymous, -1, 0);
        return memory == -1 ? null : (byte*)memory;
    }

    /// <summary>Makes pages executable, and takes from them the right to be written to; false where the system forbids it.</summary>
    public static bool TryMakeExecutable(byte* pages, int bytes) => mprotect((nint)pages, (nuint)bytes, Read | Execute) == 0;

    /// <summary>Has whoever touches them stopped.</summary>
    public static void Forbid(byte* pages, int bytes) => mprotect((nint)pages, (nuint)bytes, 0);

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nuint length, int protection);
}
