using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Offload;
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
    [InlineData("cpu, cpu:1", "bfloat16", "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2", "int8", "fused")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3,cpu:4", "int4", "fused")]
    public void Run_OnSeveralDevices_DrawsTheTokensOfOne(string devices, string dtype, string kernels)
    {
        ModelOptions options = Options(dtype) with { Kernels = kernels, Deterministic = kernels == "fused" };
        Assert.Equal(ModelRunnerTests.Generate(options, 40), ModelRunnerTests.Generate(options with { Device = devices }, 40));
    }

    [Fact]
    public void Run_TiedHead_IsHeldAtBothEnds()
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config with { LayerCount = 2, TieWordEmbeddings = true }, TensorDtype.BF16, seed: 2);
        ModelOptions options = Options("float32");
        Assert.Equal(ModelRunnerTests.Generate(options, 40), ModelRunnerTests.Generate(options with { Device = "cpu:0,cpu:1" }, 40));
    }

    [Theory]
    [InlineData("float32", 50, false, 1e-4)]
    [InlineData("float32", 7, false, 1e-4)]
    [InlineData("bfloat16", 16, true, 0)]
    [InlineData("int8", 11, true, 0)]
    public void Run_PromptInChunks_ScoresAndPoolsAsOneDeviceDoes(string dtype, int chunk, bool deterministic, double tolerance)
    {
        ModelOptions options = Options(dtype) with { Deterministic = deterministic };
        (double[] expected, float[] expectedSum) = ModelRunnerTests.Read(options, chunk);
        (double[] logprobs, float[] sum) = ModelRunnerTests.Read(options with { Device = "cpu:0,cpu:1,cpu:2" }, chunk);
        Assert.Equal(expected, logprobs, (one, other) => Math.Abs(one - other) <= tolerance);
        Assert.Equal(expectedSum, sum, (one, other) => Math.Abs(one - other) <= 50 * tolerance);
    }

    [Fact]
    public void Begin_AsManyStepsAsMayBeUnderWay_AreFinishedInTheirOrder()
    {
        ModelOptions options = Options("float32");
        using ModelRunner one = ModelRunner.Load(options), several = ModelRunner.Load(options with { Device = "cpu:0,cpu:1,cpu:2" });
        Assert.Equal((1, 3), (one.Limits.StepsUnderWay, several.Limits.StepsUnderWay));
        ForwardBatch[] batches = [.. Enumerable.Range(0, 3).Select(_ => new ForwardBatch(16, 4, one.Limits.BlocksPerSequence))];
        SampledToken[] expected = new SampledToken[1], actual = new SampledToken[1];
        for (int position = 0; position < 60; position += 3)
        {
            for (int i = 0; i < 3; i++)
            {
                ModelRunnerTests.Lay(several, batches[i], position + i, sequences: 1, token: (position * 7 + i) % 200);
                several.Begin(batches[i]);
            }
            for (int i = 0; i < 3; i++)
            {
                several.Finish(batches[i], actual, default);
                ModelRunnerTests.Step(one, batches[i], expected, position + i, sequences: 1, token: (position * 7 + i) % 200);
                Assert.Equal(expected[0].TokenId, actual[0].TokenId);
            }
        }
    }

    [Fact]
    public void Finish_StepThatFailed_ThrowsAndTheOthersAreAsIfItWereNot()
    {
        using ModelRunner runner = ModelRunner.Load(Options("float32") with { Device = "cpu:0,cpu:1" });
        ForwardBatch bad = new(16, 4, runner.Limits.BlocksPerSequence), good = new(16, 4, runner.Limits.BlocksPerSequence);
        SampledToken[] sampled = new SampledToken[1], again = new SampledToken[1];
        ModelRunnerTests.Step(runner, good, sampled, position: 0, sequences: 1);
        for (int round = 0; round < 3; round++)
        {
            ModelRunnerTests.Lay(runner, bad, position: 0, sequences: 1, token: 3);
            bad.Scores.Add(new ScoreRow(0, TokenId: -1, 0)); // breaks the last part
            runner.Begin(bad);
            ModelRunnerTests.Lay(runner, good, position: 0, sequences: 1, token: 3);
            runner.Begin(good);
            Assert.ThrowsAny<Exception>(() => runner.Finish(bad, sampled, new ScoredToken[1]));
            runner.Finish(good, again, default);
            Assert.Equal(sampled[0].TokenId, again[0].TokenId);
        }
        runner.Begin(good); // and is left under way
    }

    [Fact]
    public void Run_WarmDecodeSteps_AllocateNothingOnTheEnginesThread()
    {
        using ModelRunner runner = ModelRunner.Load(Options("bfloat16") with { Device = "cpu:0,cpu:1" });
        Assert.Equal(0, ModelRunnerTests.AllocatedPerStep(runner));
    }

    [Fact]
    public void Load_SeveralDevices_SaysWhatLiesWhereAndSharesThreadsOut()
    {
        using ModelRunner runner = ModelRunner.Load(Options("bfloat16") with { Device = "cpu:0,cpu:1", Threads = 3, MaxSequences = 3 });
        Assert.Contains("cpu:0, cpu:1 (as set), up to 2 steps under way", runner.Description.Device);
        Assert.Matches(@"cpu:0: embedding, layers 0 to \d; \d+ MiB weights, of which a step reads \d+ MiB; \d+ MiB KV cache, 2 threads", runner.Description.Device);
        Assert.Matches(@"cpu:1: layers? \d( to 4)?, head; .*, 1 thread", runner.Description.Device);
        Assert.Contains("24 blocks × 16 tokens", runner.Description.KvCache);
        Assert.Equal(3, runner.Description.ThreadCount);
    }

    [Theory]
    [InlineData(3, 12)]
    [InlineData(12, 3)]
    public void Load_DevicesOfDifferentLimits_HoldAsManyBlocksAsTheSmallestHasRoomFor(int first, int last)
    {
        ModelOptions options = Options("float32") with { Device = "cpu:0,cpu:1", MaxSequences = 200 };
        int[] limits = [first, last];
        BackendChoice[] choices = [.. BackendChoice.AllOf(options).Select((choice, i) => UnburdenedBackend.On(choice) with { MemoryLimit = limits[i] << 20 })];
        using ModelRunner runner = ModelRunner.Load(options, choices);
        Assert.InRange(runner.Limits.BlockCount, runner.Limits.BlocksPerSequence, 200 * runner.Limits.BlocksPerSequence - 1);
        Assert.All(runner.Description.Devices.Zip(limits), device => Assert.InRange(device.First.CacheBytes + device.First.WeightBytes, 1, (long)device.Second << 20));
    }

    [Fact]
    public void Load_MoreDevicesThanLayers_IsRefusedByName()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => ModelRunner.Load(Options("float32") with { Device = "cpu:0,cpu:1,cpu:2,cpu:3,cpu:4,cpu:5" }));
        Assert.Contains("cpu:5 would hold none", error.Message);
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

    // The driver has one error for all that it does not know.
    [CudaEmulatorFact]
    public void Run_DeviceGoesByAnErrorThatMayMeanAnything_IsLost()
    {
        ModelOptions options = Options("float32");
        bool goes = false;
        EmulatedDevice first = null!;
        first = new() { OnLaunch = _ => { if (goes) first.Lose("CUDA_ERROR_UNKNOWN (999)"); } };
        using ModelRunner runner = ModelRunner.Load(options, [first.Choice, BackendChoice.Of(options)]);
        ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
        ModelRunnerTests.Step(runner, batch, new SampledToken[1], position: 0, sequences: 1);
        goes = true;
        Assert.Equal("cuda:0: The GPU is lost to this process: CUDA_ERROR_UNKNOWN (999)",
            Assert.Throws<RunnerLostException>(() => ModelRunnerTests.Step(runner, batch, new SampledToken[1], position: 1, sequences: 1)).Message);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ModelOptions Options(string dtype) => new() { Path = _folder, Device = "cpu", Dtype = dtype, MaxBatchTokens = 64, MaxSequences = 8, Threads = 2 };
}
