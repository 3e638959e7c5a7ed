using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Gguf;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Parallel;

/// <summary>A model every layer of which is shared by several devices: what comes out of it is what comes out of the same model on one.</summary>
public sealed class TensorParallelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-tensor-parallel-tests").FullName;

    public TensorParallelTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config with { LayerCount = 3, HeadCount = 8, KvHeadCount = 4, IntermediateSize = 208 }, TensorDtype.BF16, seed: 1);

    [Theory]
    [InlineData("cpu", 2, "fused")]
    [InlineData("cpu:3,cpu:1", 2, "plain")]
    [InlineData("cpu", 3, "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", 4, "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", 4, "scalar")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", 2, "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3,cpu:4,cpu:5", 2, "fused")]
    public void Run_Float32_DrawsTheTokensOfOneDevice_AndReadsItsLogprobsAndHiddenStates(string devices, int shared, string kernels)
    {
        ModelOptions one = Options("float32") with { Kernels = "plain" }, several = Options("float32") with { Device = devices, TensorParallel = shared, Kernels = kernels };
        Assert.Equal(ModelRunnerTests.Generate(one, 40), ModelRunnerTests.Generate(several, 40));
        (double[] expected, float[] expectedSum) = ModelRunnerTests.Read(one, 50);
        foreach (int chunk in new[] { 50, 7 })
        {
            (double[] logprobs, float[] sum) = ModelRunnerTests.Read(several, chunk);
            Assert.Equal(expected, logprobs, (a, b) => Math.Abs(a - b) < 1e-4);
            Assert.Equal(expectedSum, sum, (a, b) => Math.Abs(a - b) < 5e-3);
        }
    }

    [Theory]
    [InlineData("bfloat16", "auto", 2, 0.05)]
    [InlineData("bfloat16", "int8", 3, 0.08)]
    [InlineData("int8", "auto", 3, 0.08)]
    [InlineData("int8-g32", "auto", 4, 0.08)]
    [InlineData("int8-outliers", "auto", 2, 0.08)]
    [InlineData("int4-g32", "int8", 2, 0.25)] // columns that begin elsewhere are quantised in other groups
    [InlineData("int4-g32-zp", "auto", 4, 0.25)]
    public void Run_ModelInNarrowTypes_ReadsWhatOneDeviceReads_AsFarAsTheTypeGoes(string dtype, string kvDtype, int shared, double tolerance)
    {
        ModelOptions options = Options(dtype) with { KvDtype = kvDtype };
        Assert.Equal(ModelRunnerTests.Read(options, 50).Logprobs, ModelRunnerTests.Read(options with { TensorParallel = shared }, 11).Logprobs, (a, b) => Math.Abs(a - b) < tolerance);
    }

    [Theory]
    [InlineData("Q8_0", 2)]
    [InlineData("Q4_0", 4)]
    [InlineData("F16", 3)]
    public void Run_GgufModel_ReadsWhatOneDeviceReads(string type, int shared)
    {
        using GgufFolder folder = new(change: config => config with { HiddenSize = 128, HeadCount = 8, KvHeadCount = 4, HeadDim = 32, IntermediateSize = 256 });
        ModelOptions options = Options("auto") with { Path = folder.Convert(type) };
        Assert.Equal(ModelRunnerTests.Read(options, 50).Logprobs, ModelRunnerTests.Read(options with { TensorParallel = shared }, 11).Logprobs, (a, b) => Math.Abs(a - b) < 0.05);
    }

    [Theory]
    [InlineData("bfloat16", 2)]
    [InlineData("int8", 3)]
    [InlineData("int4", 2)]
    public void Run_Deterministic_IsBitwiseTheSameInAnyChunks(string dtype, int shared)
    {
        ModelOptions options = Options(dtype) with { TensorParallel = shared, Deterministic = true };
        (double[] expected, _) = ModelRunnerTests.Read(options, 50);
        foreach (int chunk in new[] { 1, 13 }) Assert.Equal(expected, ModelRunnerTests.Read(options, chunk).Logprobs);
    }

    [CudaEmulatorFact]
    public void Run_OnEmulatedDevicesAndTheProcessor_DrawsTheTokensOfOne()
    {
        ModelOptions options = Options("float32");
        int[] expected = ModelRunnerTests.Generate(options, 3);
        IReadOnlyList<BackendChoice> host = BackendChoice.AllOf(options with { Device = "cpu:0,cpu:1" });
        foreach (Func<EmulatedDevice, EmulatedDevice, BackendChoice[]> mix in (Func<EmulatedDevice, EmulatedDevice, BackendChoice[]>[])
            [(a, b) => [a.Choice, b.Choice], (a, b) => [host[0], a.Choice, b.Choice, host[1]]])
        {
            EmulatedDevice first = new(), second = new();
            Assert.Equal(expected, ModelRunnerTests.Generate(options with { TensorParallel = 2 }, 3, mix(first, second)));
            Assert.Equal("", first.Leaks + second.Leaks);
        }
        EmulatedDevice reading = new();
        (double[] logprobs, _) = ModelRunnerTests.Read(options with { TensorParallel = 2 }, 50, reading.Choice, host[0]);
        Assert.Equal(ModelRunnerTests.Read(options, 50).Logprobs, logprobs, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void Load_EachDeviceHoldsItsShareOnly()
    {
        ModelOptions options = Options("float32");
        using ModelRunner one = ModelRunner.Load(options), four = ModelRunner.Load(options with { TensorParallel = 4, BlockCount = one.Limits.BlockCount });
        Assert.InRange(four.Description.WeightBytes, one.Description.WeightBytes, one.Description.WeightBytes * 1.02); // norms are on all
        Assert.Equal(one.Limits, four.Limits);
        Assert.Contains("cpu:3: embedding, layers 0 to 2, head in shares of 4: 2 of 8 heads, 48 of 208 MLP columns, 40 of 200 tokens", four.Description.Device, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu", 5, "Model:TensorParallel is 5, but this model has 4 KV heads, and heads are not cut: use 4 or less")]
    [InlineData("cpu:0,cpu:1,cpu:2", 2, "Model:TensorParallel is 2, and Model:Device names 3 devices; name 2 or a multiple of it")]
    [InlineData("cpu:0", 2, "Model:TensorParallel is 2, and Model:Device names 1 device; name 2 or a multiple of it")]
    public void Load_WhatCannotBeShared_NamesSettingNumbersAndRemedy(string devices, int shared, string message) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => ModelRunner.Load(Options("float32") with { Device = devices, TensorParallel = shared })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 2, 1)]
    [InlineData(1, 2, 1)]
    [InlineData(2, 3, 1)]
    [InlineData(1, 2, 2)]
    public void AFailureOfOneDevice_FailsTheStepOnAll_AndTheNextGoesOn(int failing, int shared, int stages)
    {
        ModelOptions options = Options("float32") with { Device = string.Join(',', Enumerable.Range(0, shared * stages).Select(i => $"cpu:{i}")), TensorParallel = shared };
        List<BackendChoice> choices = [.. BackendChoice.AllOf(options)];
        FailingKernels? kernels = null;
        choices[failing] = choices[failing] with { Create = FailingKernels.On(choices[failing].Create, made => kernels = made) };
        using ModelRunner runner = ModelRunner.Load(options, choices);
        ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
        SampledToken[] sampled = new SampledToken[1];
        List<int> tokens = [17];
        for (int position = 0; position < 20; position++)
        {
            foreach (string call in position % 5 == 2 ? (string[])["RmsNorm", "Attend", "SiluMultiply", "Begin"] : [])
            {
                kernels!.FailAt(call);
                Assert.Equal(call, Assert.Throws<InvalidDataException>(() => ModelRunnerTests.Step(runner, batch, sampled, position, 1, tokens[^1])).Message);
            }
            ModelRunnerTests.Step(runner, batch, sampled, position, 1, tokens[^1]);
            tokens.Add(sampled[0].TokenId);
        }
        Assert.Equal(ModelRunnerTests.Generate(Options("float32"), 20), tokens.Skip(1));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ModelOptions Options(string dtype) => new() { Path = _folder, Device = "cpu", Dtype = dtype, MaxBatchTokens = 64, MaxSequences = 8, Threads = 2 };
}
