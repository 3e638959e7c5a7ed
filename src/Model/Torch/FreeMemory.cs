using System.Globalization;
using System.Runtime.InteropServices;

namespace Llama.Model.Torch;

/// <summary>How much memory a device could still give.</summary>
internal static partial class FreeMemory
{
    /// <summary>Free bytes of the host, under the container's limit where there is one, or of the current CUDA device.</summary>
    public static long Bytes(DeviceChoice device) => device.IsCuda ? Cuda() : Host();

    private static long Host()
    {
        long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet; // the runtime knows the cgroup's limit
        if (!File.Exists("/proc/meminfo")) return limit;
        string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return line is null ? limit : Math.Min(limit, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10);
    }

    private static long Cuda() => cuMemGetInfo_v2(out nuint free, out _) == 0
        ? (long)free
        : throw new InvalidOperationException("The CUDA driver does not tell its free memory (cuMemGetInfo). Set Model:BlockCount.");

    [LibraryImport("libcuda.so.1")]
    private static partial int cuMemGetInfo_v2(out nuint free, out nuint total);
}
