using System.Globalization;

namespace Llama.Server.Bench.Local;

/// <summary>The most memory that this process had resident since the last reset, as Linux counts it (VmHWM).</summary>
internal static class PeakMemory
{
    /// <summary>Null where there is no /proc.</summary>
    public static long? Bytes()
    {
        if (!File.Exists("/proc/self/status")) return null;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    /// <summary>Starts anew from what is resident now, where the kernel allows it.</summary>
    public static void Reset()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The peak then is that of the whole life, loading included.
        }
    }
}
