using System.Globalization;

namespace Llama.Model;

/// <summary>The control groups of this process, which bound a container, a service or a job. Those of a process outside (<c>docker run --cgroupns=host</c>), of both versions and of the two side by side are read.</summary>
/// <param name="root">Where <c>/proc</c> lies, and what it names; another folder in tests.</param>
internal sealed class ControlGroups(string root)
{
    private const string Memory = "memory";

    /// <summary>The smallest limit on memory of the groups and of those that hold them; null where none sets one.</summary>
    public long? MemoryLimit()
    {
        try
        {
            string[] groups = File.ReadAllLines(At("/proc/self/cgroup"));
            return File.ReadLines(At("/proc/self/mountinfo")).SelectMany(mount => Limits(mount, groups)).Min();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // no Linux, or one that does not tell
        }
    }

    // "id parent device root place options … - type source options": https://docs.kernel.org/filesystems/proc.html, section 3.5
    private IEnumerable<long?> Limits(string mount, string[] groups)
    {
        string[] sides = mount.Split(" - ", 2), where = sides[0].Split(' '), what = sides[^1].Split(' ');
        if (sides.Length < 2 || where.Length < 5 || what.Length < 3) return [];
        return what[0] switch
        {
            "cgroup2" => Limits(where[3], where[4], "memory.max", Path("")),
            "cgroup" when what[2].Split(',').Contains(Memory) => Limits(where[3], where[4], "memory.limit_in_bytes", Path(Memory)),
            _ => [],
        };

        // "number:controllers:path"; version 2 has none to name
        string Path(string controller) => Array.Find(groups, line => line.Split(':', 3) is [_, { } named, _] && named.Split(',').Contains(controller))?.Split(':', 3)[2] ?? "/";
    }

    /// <summary>What the group and all above it say, as far up as this process sees.</summary>
    /// <param name="top">The group that is mounted.</param>
    /// <param name="place">Where.</param>
    /// <param name="name">The file that says the limit.</param>
    /// <param name="group">The process's own.</param>
    private IEnumerable<long?> Limits(string top, string place, string name, string group)
    {
        string below = top == "/" ? group : (group + "/").StartsWith(top + "/", StringComparison.Ordinal) ? group[top.Length..] : "/";
        for (string folder = below.TrimEnd('/'); ; folder = folder[..folder.LastIndexOf('/')])
        {
            yield return Read(At($"{place}{folder}/{name}"));
            if (folder.Length == 0) yield break;
        }
    }

    // "max", or a number that no machine has, where there is no limit.
    private static long? Read(string path) =>
        File.Exists(path) && long.TryParse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long limit) ? limit : null;

    private string At(string path) => root + path;
}
