using System.Globalization;

namespace Llama.Model.Offload;

/// <summary>Memory that this process has resident: pages of its own and of files that it has mapped.</summary>
internal static class ProcessMemory
{
    /// <summary>Now, in bytes.</summary>
    public static long ResidentBytes()
    {
        const string status = "/proc/self/status"; // in KiB
        if (!File.Exists(status)) return Environment.WorkingSet;
        string line = File.ReadLines(status).First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
