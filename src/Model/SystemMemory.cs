using System.Globalization;

namespace Llama.Model;

/// <summary>The memory of the machine, and what of it this process may use.</summary>
/// <remarks>The runtime's own figure is that of its heap (three quarters of a container's limit, or <c>DOTNET_GCHeapHardLimit</c>), in which neither weights nor KV cache lie.</remarks>
public sealed class SystemMemory
{
    private readonly string _root;
    private readonly ControlGroups _groups;

    internal SystemMemory(string root) => (_root, _groups) = (root, new ControlGroups(root));

    /// <summary>That of this machine.</summary>
    public static SystemMemory OfThisMachine { get; } = new("");

    /// <summary>Bytes that the machine has.</summary>
    public long TotalBytes => Told("MemTotal:") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes of it that this process may use: fewer under a container's limit.</summary>
    public long UsableBytes => Math.Min(TotalBytes, _groups.MemoryLimit() ?? long.MaxValue);

    /// <summary>Bytes that nobody uses, or that a file's pages would give up.</summary>
    public long FreeBytes => Told("MemAvailable:") ?? TotalBytes;

    /// <summary>Bytes that this process can still have.</summary>
    public long LeftBytes => LeftBeside(Environment.WorkingSet);

    /// <param name="usedBytes">What it has.</param>
    internal long LeftBeside(long usedBytes) => Math.Max(0, Math.Min(FreeBytes, UsableBytes - usedBytes));

    // "MemTotal:       24655140 kB"
    private long? Told(string key)
    {
        string path = $"{_root}/proc/meminfo";
        return File.Exists(path) && File.ReadLines(path).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line
            ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10
            : null;
    }
}
