namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A theory that runs kernels on the emulator, skipped where there is no compiler for it.</summary>
public sealed class CudaEmulatorTheoryAttribute : TheoryAttribute
{
    public CudaEmulatorTheoryAttribute() => Skip = Gnu.Missing;
}
