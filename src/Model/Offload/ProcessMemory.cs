using System.Globalization;

namespace Llama.Model.Offload;

/// <summary>Memory that this process has resident: pages of its own and of files that it has mapped.</summary>
public static class ProcessMemory
{
    /// <summary>Now, in bytes.</summary>
    public static long ResidentBytes => Read("VmRSS:") ?? Environment.WorkingSet;

    /// <summary>The most so far, in bytes; null where the system does not tell.</summary>
    public static long? PeakBytes => Read("VmHWM:");

    private static long? Read(string key)
    {
        const string status = "/proc/self/status"; // in KiB
        if (!File.Exists(status)) return null;
        string? line = File.ReadLines(status).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        return line is null ? null : long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
