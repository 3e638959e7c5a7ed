using System.Runtime.Intrinsics.X86;

namespace Llama.Model.Kernels.Machine;

/// <summary>Whether generated kernels can run here.</summary>
internal static unsafe class MachineCode
{
    /// <summary>
    /// AVX-512 with BF16 and VNNI (Intel since Cooper Lake and Sapphire Rapids, AMD since Zen 4), on a system with the System V ABI that lets a process make pages executable.
    /// </summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Avx512F.IsSupported && Avx512BW.IsSupported && HasDotProducts() && CanPlace();

    /// <summary>
    /// Whether there are tile registers too (AMX with BF16 and INT8: Intel since Sapphire Rapids), and the system lets this process use them. <c>LLAMA_AMX=0</c> does without.
    /// </summary>
    public static bool HasTileRegisters { get; } = IsSupported && HasAmx() && Environment.GetEnvironmentVariable("LLAMA_AMX") != "0" && TileRegisters.TryRequest();

    /// <summary>What it is made of, for the start-up lines.</summary>
    public static string InstructionSets => HasTileRegisters ? "AVX-512 and AMX" : "AVX-512 BF16 and VNNI";

    // CPUID leaf 7, EDX: AMX_BF16 is bit 22, AMX_TILE bit 24, AMX_INT8 bit 25.
    private static bool HasAmx()
    {
        const int all = 1 << 22 | 1 << 24 | 1 << 25;
        return (X86Base.CpuId(7, 0).Edx & all) == all;
    }

    // CPUID leaf 7: AVX512_VNNI is bit 11 of ECX, AVX512_BF16 bit 5 of EAX of subleaf 1.
    private static bool HasDotProducts() =>
        (X86Base.CpuId(7, 0).Ecx & 1 << 11) != 0 && (X86Base.CpuId(7, 1).Eax & 1 << 5) != 0;

    private static bool CanPlace() => CodeMemory.TryPlace([0xC3]) != null;
}
