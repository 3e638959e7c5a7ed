using System.Buffers.Text;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Llama.Model.Offload;

/// <summary>Memory that this process has resident: pages of its own and of files that it has mapped, as Linux counts them.</summary>
public static class ProcessMemory
{
    private const string Status = "/proc/self/status", Sizes = "/proc/self/statm"; // in KiB; in pages, the second number

    private static readonly SafeFileHandle? SizesFile = File.Exists(Sizes) ? File.OpenHandle(Sizes) : null;

    /// <summary>Now, in bytes. Allocates nothing.</summary>
    public static long ResidentBytes()
    {
        if (SizesFile is null) return Environment.WorkingSet;
        Span<byte> text = stackalloc byte[128];
        text = text[..RandomAccess.Read(SizesFile, text, 0)];
        text = text[(text.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(text, out long pages, out _) ? pages * Environment.SystemPageSize : Environment.WorkingSet;
    }

    /// <summary>The most since the process began or <see cref="ResetPeak"/> (VmHWM), in bytes; null where the system does not tell.</summary>
    public static long? PeakBytes()
    {
        if (!File.Exists(Status)) return null;
        string line = File.ReadLines(Status).First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    /// <summary>Lets the peak begin anew from what is resident now, where the system allows it; else it stays that of the whole life.</summary>
    public static void ResetPeak()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The peak then is that of the whole life.
        }
    }
}
