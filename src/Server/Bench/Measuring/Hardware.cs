using System.Runtime.InteropServices;
using Llama.Model;

namespace Llama.Server.Bench.Measuring;

/// <summary>What the figures were taken on.</summary>
/// <param name="Cpu">The processor's name.</param>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="Isa">The instruction sets that matter here, of those the processor has.</param>
/// <param name="MemoryBytes">Memory of the host, or what a container's limit leaves of it.</param>
/// <param name="Os">Operating system.</param>
/// <param name="Runtime">Of .NET.</param>
internal sealed record Hardware(string Cpu, int Cores, string[] Isa, long MemoryBytes, string Os, string Runtime)
{
    private static readonly string[] Matters = ["avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8"];

    public static Hardware OfThisMachine()
    {
        string[] lines = File.Exists("/proc/cpuinfo") ? File.ReadAllLines("/proc/cpuinfo") : [];
        string[] flags = Value(lines, "flags").Split(' ');
        return new Hardware(
            Value(lines, "model name"), Environment.ProcessorCount, [.. Matters.Where(flags.Contains)], SystemMemory.OfThisMachine.UsableBytes,
            RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);
    }

    public override string ToString() => $"{Cpu}, {Cores} cores, {string.Join(' ', Isa)}";

    private static string Value(string[] lines, string key) =>
        Array.Find(lines, line => line.StartsWith(key, StringComparison.Ordinal)) is { } line ? line[(line.IndexOf(':') + 1)..].Trim() : "unknown";
}
