using System.Runtime.InteropServices;

namespace Llama.Server.CommandLine;

/// <summary>Tells a file of the disk from a device or a pipe that bears a file's name, which .NET does not. Elsewhere than on Linux every file is ordinary.</summary>
internal static class OrdinaryFile
{
    private const int WorkingFolder = -100; // AT_FDCWD
    private const uint Kind = 1; // STATX_TYPE
    private const int KindOffset = 28, SizeOfStat = 256; // stx_mode in struct statx, the same on every processor
    private const int KindMask = 0xF000, Regular = 0x8000; // S_IFMT, S_IFREG

    /// <summary>Whether a file that is there is one.</summary>
    public static bool Is(string path)
    {
        byte[] stat = new byte[SizeOfStat];
        return !OperatingSystem.IsLinux() || Stat(WorkingFolder, path, flags: 0, Kind, stat) != 0 || (BitConverter.ToUInt16(stat, KindOffset) & KindMask) == Regular;
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int Stat(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint wanted, [Out] byte[] stat);
}
