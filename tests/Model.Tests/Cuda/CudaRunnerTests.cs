using Llama.Model.Checkpoints;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Cuda;

/// <summary>A whole model on the emulated device: what comes out of it is what the plain kernels make of the same checkpoint.</summary>
public sealed class CudaRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-cuda-tests").FullName;

    public CudaRunnerTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 1);

    [CudaEmulatorTheory]
    [InlineData("float32", "auto", false)]
    [InlineData("bfloat16", "auto", false)]
    [InlineData("bfloat16", "int8", false)]
    [InlineData("bfloat16", "auto", true)]
    [InlineData("int8", "auto", false)]
    [InlineData("int4", "auto", true)]
    public void Run_AnyForm_DrawsTheGreedyTokensOfTheProcessor(string dtype, string kvDtype, bool deterministic)
    {
        ModelOptions options = new() { Path = _folder, Device = "cpu", Dtype = dtype, KvDtype = kvDtype, MaxBatchTokens = 32, MaxSequences = 8 };
        int[] expected = ModelRunnerTests.Generate(options, 40);
        EmulatedDevice device = new();
        Assert.Equal(expected, ModelRunnerTests.Generate(options with { Deterministic = deterministic }, 40, device.Choice));
        Assert.Equal("", device.Leaks);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
