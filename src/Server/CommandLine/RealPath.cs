using System.Runtime.InteropServices;
using System.Text;

namespace Llama.Server.CommandLine;

/// <summary>Where a file or folder really lies: the same thing can be named in several ways, by links on the way to it.</summary>
internal static class RealPath
{
    private const int MostBytes = 4096; // PATH_MAX

    /// <summary>The path without links; of what is not there, and elsewhere than on Linux, as it was given.</summary>
    /// <param name="path">An absolute path.</param>
    public static string Of(string path)
    {
        byte[] real = new byte[MostBytes];
        return OperatingSystem.IsLinux() && Resolve(path, real) != 0 ? Encoding.UTF8.GetString(real, 0, Array.IndexOf(real, (byte)0)) : path;
    }

    /// <summary>Whether one is the other, or lies somewhere below it.</summary>
    public static bool IsWithin(string path, string folder) =>
        (Of(path) + Path.DirectorySeparatorChar).StartsWith(Path.TrimEndingDirectorySeparator(Of(folder)) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    [DllImport("libc", EntryPoint = "realpath")]
    private static extern nint Resolve([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] resolved);
}
