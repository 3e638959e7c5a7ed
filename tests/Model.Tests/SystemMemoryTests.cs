namespace Llama.Model.Tests;

public sealed class SystemMemoryTests : IDisposable
{
    private const long Mebibyte = 1 << 20;

    private readonly string _root = Directory.CreateTempSubdirectory("llama-memory-").FullName;

    public SystemMemoryTests() => Write("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree:          524288 kB\nMemAvailable:    8388608 kB\n");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void UsableBytes_NoGroups_AreAll()
    {
        SystemMemory memory = new(_root);

        Assert.Equal((16384 * Mebibyte, 16384 * Mebibyte, 8192 * Mebibyte), (memory.TotalBytes, memory.UsableBytes, memory.FreeBytes));
        Assert.Equal(8192 * Mebibyte, memory.LeftBeside(100 * Mebibyte));
    }

    /// <summary>Group of the process, what is mounted, the files that say limits, and the one that holds.</summary>
    public static TheoryData<string, string, string[], long> Groups => new()
    {
        { "0::/", "/ /sys/fs/cgroup rw - cgroup2 cgroup rw", ["/memory.max=1024"], 1024 }, // a container with groups of its own
        { "0::/", "/ /sys/fs/cgroup rw - cgroup2 cgroup rw", ["/memory.max=max"], 16384 },
        { "0::/", "/ /sys/fs/cgroup rw - cgroup2 cgroup rw", [], 16384 }, // the root of the machine says none
        { "0::/system.slice/llama.service", "/ /sys/fs/cgroup rw - cgroup2 cgroup rw", ["/system.slice/memory.max=max", "/system.slice/llama.service/memory.max=2048"], 2048 },
        { "0::/a/b", "/ /sys/fs/cgroup rw - cgroup2 cgroup rw", ["/a/memory.max=512", "/a/b/memory.max=2048"], 512 }, // that of a group above holds too
        { "0::/docker/x", "/docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw", ["/memory.max=700"], 700 }, // a container among the groups of its host
        { "0::/elsewhere", "/docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw", ["/memory.max=700"], 700 },
        { "4:cpu,memory:/docker/x\n1:cpuset:/", "/docker/x /sys/fs/cgroup rw master:11 - cgroup cgroup rw,cpu,memory", ["/memory.limit_in_bytes=600"], 600 }, // version 1
        { "4:memory:/job/7", "/ /sys/fs/cgroup rw - cgroup cgroup rw,memory", ["/memory.limit_in_bytes=8796093022207", "/job/memory.limit_in_bytes=900", "/job/7/memory.limit_in_bytes=8796093022207"], 900 },
        { "4:memory:/job\n0::/", "/ /sys/fs/cgroup rw - cgroup2 cgroup rw", ["/memory.max=max"], 16384 },
        { "0::/", "/ /sys/fs/cgroup rw - cgroup2 cgroup rw", ["/memory.max=32768"], 16384 }, // more than there is
    };

    [Theory]
    [MemberData(nameof(Groups))]
    public void UsableBytes_LimitOfAGroup_Holds(string groups, string mount, string[] limits, long expectedMebibytes)
    {
        Write("/proc/self/cgroup", groups + "\n");
        Write("/proc/self/mountinfo", $"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n31 22 0:27 {mount}\n");
        foreach (string[] limit in limits.Select(limit => limit.Split('=')))
            Write("/sys/fs/cgroup" + limit[0], (long.TryParse(limit[1], out long mebibytes) ? $"{mebibytes * Mebibyte}" : limit[1]) + "\n");

        Assert.Equal(expectedMebibytes * Mebibyte, new SystemMemory(_root).UsableBytes);
    }

    [Fact]
    public void LeftBeside_LimitOfAGroup_IsWhatTheProcessHasNotAndNeverLessThanNone()
    {
        Write("/proc/self/cgroup", "0::/\n");
        Write("/proc/self/mountinfo", "31 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
        Write("/sys/fs/cgroup/memory.max", $"{1024 * Mebibyte}\n");
        SystemMemory memory = new(_root);

        Assert.Equal(724 * Mebibyte, memory.LeftBeside(300 * Mebibyte));
        Assert.Equal(0, memory.LeftBeside(1100 * Mebibyte));
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        File.WriteAllText(_root + path, text);
    }
}
