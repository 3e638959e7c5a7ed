using Llama.Model.Kernels.Machine;

namespace Llama.Model.Tests.Kernels;

/// <summary>Why tests of generated code are skipped here; null where they are not.</summary>
internal static class GeneratedCode
{
    public static string? Missing => MachineCode.IsSupported ? null : "This processor has no AVX-512 with BF16 and VNNI, or the system makes no page executable.";

    public static string? MissingTiles => MachineCode.HasTileRegisters ? null : "This processor has no AMX, or the system does not let it be used.";
}
