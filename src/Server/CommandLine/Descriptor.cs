using System.Runtime.InteropServices;

namespace Llama.Server.CommandLine;

/// <summary>What the system says of a standard stream, by its number, and the console does not. Elsewhere than on Linux nothing is out of the ordinary.</summary>
internal static class Descriptor
{
    private const int GetFlags = 1, CloseOnExec = 1; // F_GETFD, FD_CLOEXEC
    private const short ReadyToRead = 1, Error = 8; // POLLIN, POLLERR
    private const nuint GetWindowSize = 0x5413; // TIOCGWINSZ

    /// <summary>
    /// Whether this process inherited it. If its parent had closed it, the number belongs to a file that the runtime has opened for itself. Such files are close-on-exec; an inherited one cannot be, or it would not have
    /// been inherited.
    /// </summary>
    public static bool IsGiven(int number) => !OperatingSystem.IsLinux() || (Control(number, GetFlags) & CloseOnExec) == 0;

    /// <summary>Whether reading would not wait.</summary>
    public static bool IsReadable(int number) => (Poll(number, ReadyToRead) & ReadyToRead) != 0;

    /// <summary>Whether there is somebody at the other end of a pipe that is written to; of files always.</summary>
    public static bool IsRead(int number) => !OperatingSystem.IsLinux() || (Poll(number, 0) & Error) == 0;

    /// <summary>Columns of the terminal that it is; 0 where it is none, or does not know. The console would tell too, and change the terminal's mode.</summary>
    public static int Columns(int number) => OperatingSystem.IsLinux() && Control(number, GetWindowSize, out WindowSize size) == 0 ? size.Columns : 0;

    private static short Poll(int number, short wanted)
    {
        PollEntry entry = new(number, wanted, 0);
        return Poll(ref entry, 1, 0) > 0 ? entry.Found : (short)0;
    }

    [DllImport("libc", EntryPoint = "poll")]
    private static extern int Poll(ref PollEntry entries, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "fcntl")]
    private static extern int Control(int number, int command);

    [DllImport("libc", EntryPoint = "ioctl")]
    private static extern int Control(int number, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct WindowSize(ushort Rows, ushort Columns, ushort Width, ushort Height);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct PollEntry(int File, short Wanted, short Found);
}
