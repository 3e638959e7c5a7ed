using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Parallel;

/// <summary>A model whose layers lie on several devices: what comes out of it is what comes out of the same model on one.</summary>
public sealed class PipelineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-pipeline-tests").FullName;

    public PipelineTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config with { LayerCount = 5 }, TensorDtype.BF16, seed: 1);

    [Theory]
    [InlineData("cpu:0,cpu:1", "float32", "fused")]
    [InlineData("cpu:1,cpu:0,cpu:7", "float32", "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", "float32", "plain")]
    [InlineData("cpu,cpu:1", "bfloat16", "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2", "int8", "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3,cpu:4", "int4", "fused")]
    public void Run_OnSeveralDevices_DrawsTheTokensOfOne(string devices, string dtype, string kernels)
    {
        ModelOptions options = Options(dtype) with { Kernels = kernels, Deterministic = kernels == "fused" };
        Assert.Equal(ModelRunnerTests.Generate(options, 40), ModelRunnerTests.Generate(options with { Device = devices }, 40, BackendChoice.AllOf(options with { Device = devices })));
    }

    [CudaEmulatorFact]
    public void Run_OnProcessorAndEmulatedDevices_DrawsTheTokensOfOne()
    {
        ModelOptions options = Options("float32");
        EmulatedDevice first = new(), last = new();
        IReadOnlyList<BackendChoice> host = BackendChoice.AllOf(options with { Device = "cpu:0,cpu:1" });
        int[] expected = ModelRunnerTests.Generate(options, 40);
        Assert.Equal(expected, ModelRunnerTests.Generate(options, 40, [first.Choice, host[0], last.Choice]));
        Assert.Equal(expected, ModelRunnerTests.Generate(options, 40, [host[0], new EmulatedDevice().Choice, host[1]]));
        Assert.Equal("", first.Leaks + last.Leaks);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ModelOptions Options(string dtype) => new() { Path = _folder, Device = "cpu", Dtype = dtype, MaxBatchTokens = 64, MaxSequences = 8, Threads = 2 };
}
