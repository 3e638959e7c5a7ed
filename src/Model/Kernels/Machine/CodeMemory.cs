using System.Runtime.InteropServices;

namespace Llama.Model.Kernels.Machine;

/// <summary>Machine code made executable: written to fresh pages, which then lose the right to be written to. Kept until the process ends.</summary>
internal static unsafe partial class CodeMemory
{
    private const int Read = 1, Write = 2, Execute = 4, Private = 2, Anonymous = 0x20;

    /// <summary>Address of a copy of the code that can be called, or null where the system forbids it (some hardened kernels do).</summary>
    public static void* TryPlace(ReadOnlySpan<byte> code)
    {
        nint pages = mmap(0, (nuint)code.Length, Read | Write, Private | Anonymous, -1, 0);
        if (pages == -1) return null;
        code.CopyTo(new Span<byte>((void*)pages, code.Length));
        return mprotect(pages, (nuint)code.Length, Read | Execute) == 0 ? (void*)pages : null;
    }

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nuint length, int protection);
}
