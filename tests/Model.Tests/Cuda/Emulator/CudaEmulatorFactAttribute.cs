namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A test that runs kernels on the emulator, skipped where there is no compiler for it.</summary>
public sealed class CudaEmulatorFactAttribute : FactAttribute
{
    public CudaEmulatorFactAttribute() => Skip = Gnu.Missing;
}
