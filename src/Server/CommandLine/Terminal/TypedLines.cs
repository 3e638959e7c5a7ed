using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>
/// Lines that are typed, edited by the terminal itself. The console's own reader edits them by asking the terminal where its cursor is: one that does not answer gets rubbish, and its backspace takes half of a
/// character that has two.
/// </summary>
internal static class TypedLines
{
    private const short ReadyToRead = 1; // POLLIN

    /// <summary>Standard input; a terminal's line by line.</summary>
    public static TextReader Open() => Console.IsInputRedirected || !OperatingSystem.IsLinux()
        ? Console.In
        : new StreamReader(new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0), new UTF8Encoding(false));

    /// <summary>Whether another whole line is there already. Nobody types that fast: it was pasted.</summary>
    public static bool HasMore()
    {
        if (!OperatingSystem.IsLinux()) return Console.KeyAvailable;
        PollEntry input = new(0, ReadyToRead, 0);
        return Poll(ref input, 1, 0) > 0;
    }

    [DllImport("libc", EntryPoint = "poll")]
    private static extern int Poll(ref PollEntry entries, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct PollEntry(int File, short Wanted, short Found);
}
