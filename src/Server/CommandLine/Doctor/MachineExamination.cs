using Llama.Model;
using Llama.Model.Diagnosis;
using Llama.Server.Bench.Measuring;
using Llama.Server.Hosting;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>Processor, memory, system.</summary>
internal static class MachineExamination
{
    private const string HugePages = "/sys/kernel/mm/transparent_hugepage/enabled";

    public static IEnumerable<Finding> Findings()
    {
        Hardware hardware = Hardware.OfThisMachine();
        yield return Processor(hardware);
        yield return new Finding("cores", Cores(hardware));
        yield return new Finding("memory", Memory(SystemMemory.OfThisMachine));
        if (File.Exists(HugePages)) yield return HugePage(File.ReadAllText(HugePages));
        yield return new Finding("system", $"{hardware.Os}, {hardware.Runtime}");
        yield return new Finding("program", ServerVersion.Full);
    }

    private static Finding Processor(Hardware hardware)
    {
        string sets = string.Join(' ', hardware.Isa), found = sets.Length > 0 ? $"{hardware.Cpu}; {sets}" : $"{hardware.Cpu}; none of the instruction sets that help";
        return hardware.Isa.Contains("avx2") && hardware.Isa.Contains("fma") ? new Finding("processor", found)
            : Finding.Warning("processor", found, "Without AVX2 and FMA one number is computed at a time: serve from another processor or a GPU.");
    }

    // The runtime counts affinity and a container's CPU limit.
    private static string Cores(Hardware hardware)
    {
        int all = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").Count(line => line.StartsWith("processor", StringComparison.Ordinal)) : hardware.Cores;
        return hardware.Cores < all ? $"{hardware.Cores} of {all} (affinity or a container's limit)" : $"{hardware.Cores}";
    }

    private static string Memory(SystemMemory memory)
    {
        string limit = memory.UsableBytes < memory.TotalBytes ? $", of which a container's limit leaves {Figures.Bytes(memory.UsableBytes)}" : "";
        return $"{Figures.Bytes(memory.TotalBytes)}, {Figures.Bytes(memory.FreeBytes)} free{limit}";
    }

    // "always [madvise] never": the chosen one stands in brackets. Weights ask for huge pages, so madvise is enough.
    private static Finding HugePage(string text) => text.Contains("[never]", StringComparison.Ordinal)
        ? Finding.Warning("huge pages", "never", $"Weights in memory read slower without: echo madvise > {HugePages} (as root).")
        : new Finding("huge pages", text.Contains("[always]", StringComparison.Ordinal) ? "always" : "where asked for (madvise)");
}
