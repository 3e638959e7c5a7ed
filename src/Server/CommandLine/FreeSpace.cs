using System.Globalization;

namespace Llama.Server.CommandLine;

/// <summary>Room on the disk, asked for before a large file is begun: a full disk stops every program on the machine.</summary>
internal static class FreeSpace
{
    /// <param name="folder">Where the file is to go; it need not be there yet.</param>
    /// <param name="bytes">How long the file will be.</param>
    /// <exception cref="VerbException">There is less room.</exception>
    public static void Require(string folder, long bytes)
    {
        string there = folder;
        while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { Length: > 0 } parent) there = parent;
        long free = new DriveInfo(there).AvailableFreeSpace;
        if (free < bytes)
            throw new VerbException(string.Create(CultureInfo.InvariantCulture, $"It would take {bytes >> 20:N0} MiB; {there} has {free >> 20:N0} MiB left. Free some, or name another --out."));
    }
}
