namespace Llama.Model.Kernels.Machine;

/// <summary>Machine code made executable: written to fresh pages, which then lose the right to be written to. Kept until the process ends.</summary>
internal static unsafe class CodeMemory
{
    /// <summary>Address of a copy of the code that can be called, or null where the system forbids it (some hardened kernels do).</summary>
    public static void* TryPlace(ReadOnlySpan<byte> code)
    {
        byte* pages = Pages.TryMap(code.Length);
        if (pages == null) return null;
        code.CopyTo(new Span<byte>(pages, code.Length));
        return Pages.TryMakeExecutable(pages, code.Length) ? pages : null;
    }
}
