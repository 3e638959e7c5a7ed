using System.Runtime.InteropServices;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// What a thread needs to use tile registers safely. From its first use on the kernel puts them into every signal frame of the thread, 11 KB, and the 16 KB that the runtime gives a thread for its signals are then too little for
/// what the runtime does there with a null reference: the process would end where an exception should be thrown. So such a thread gets more.
/// </summary>
internal static unsafe partial class TileRegisters
{
    private const int ArchPrctl = 158, RequestComponent = 0x1023, TileData = 18;
    private const int GuardBytes = 4096, StackBytes = 64 << 10;

    [ThreadStatic]
    private static bool _isPrepared;

    // stack_t of the C library
    private struct SignalStack
    {
        public byte* Start;
        public int Flags;
        public nint Size;
    }

    /// <summary>Asks for them: their 8 KB a thread are not saved before a process did (Linux, Documentation/arch/x86/xstate.rst). False where the kernel, or the machine around it, does not know them.</summary>
    public static bool TryRequest() => syscall(ArchPrctl, RequestComponent, TileData) == 0;

    /// <summary>Prepares the calling thread; before it uses them.</summary>
    public static void Prepare()
    {
        if (_isPrepared) return;
        _isPrepared = true;
        byte* memory = Pages.TryMap(GuardBytes + StackBytes);
        if (memory == null) return; // then null references are fatal to it
        Pages.Forbid(memory, GuardBytes);
        SignalStack stack = new() { Start = memory + GuardBytes, Size = StackBytes };
        sigaltstack(&stack, null); // which the runtime unmaps when the thread ends, as it would have its own
    }

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport("libc")]
    private static partial int sigaltstack(SignalStack* stack, SignalStack* old);
}
