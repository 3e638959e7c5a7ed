using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Offload;
using Llama.Model.Quantization;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Gguf;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Offload;

/// <summary>A model under a limit that holds a part of it: bit for bit what it is without, whatever form its weights have.</summary>
public sealed class OffloadRunnerTests : IDisposable
{
    private static readonly LlamaConfig Config = SmallLlama.Config with { LayerCount = 7 };

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-offload-tests").FullName;

    [Theory]
    [InlineData(TensorDtype.BF16, "auto", "fused", 3, true)]
    [InlineData(TensorDtype.BF16, "auto", "fused", 0, false)]
    [InlineData(TensorDtype.BF16, "auto", "scalar", 2, true)]
    [InlineData(TensorDtype.BF16, "bfloat16", "plain", 3, true)]
    [InlineData(TensorDtype.BF16, "float32", "fused", 3, true)] // widened on the way
    [InlineData(TensorDtype.F32, "auto", "fused", 3, true)] // and rounded
    [InlineData(TensorDtype.F16, "auto", "fused", 1, false)]
    [InlineData(TensorDtype.F32, "float32", "fused", 2, true)]
    public void Run_WeightsStream_IsBitwiseWhatItIsWithoutLimit(TensorDtype stored, string dtype, string kernels, int layers, bool keepsHead)
    {
        RandomCheckpoint.Write(_folder, Config, stored, seed: 1);
        Compare(new ModelOptions { Path = _folder, Dtype = dtype, Kernels = kernels }, layers, keepsHead);
    }

    [Theory]
    [InlineData("int8", false)]
    [InlineData("int4", true)]
    [InlineData("int4-g64-zp", false)]
    public void Run_CodesStream_IsBitwiseWhatItIsWithoutLimit(string type, bool isTied)
    {
        Assert.True(QuantizationType.TryParse(type, out QuantizationType parsed));
        RandomCheckpoint.Write(_folder, Config with { TieWordEmbeddings = isTied }, TensorDtype.BF16, seed: 2);
        string target = Directory.CreateDirectory(Path.Combine(_folder, "quantised")).FullName;
        CheckpointQuantizer.Write(_folder, target, QuantizationPlan.Of(parsed), new Progress<double>());
        Compare(new ModelOptions { Path = target }, layers: 2, keepsHead: !isTied);
        Compare(new ModelOptions { Path = target }, layers: 2, keepsHead: isTied);
    }

    [Theory]
    [InlineData("BF16", "auto")]
    [InlineData("F16", "auto")]
    [InlineData("Q8_0", "auto")]
    [InlineData("Q4_0", "auto")]
    [InlineData("Q4_0", "float32")]
    public void Run_GgufStreams_IsBitwiseWhatItIsWithoutLimit(string type, string dtype)
    {
        using GgufFolder folder = new(change: config => config with { LayerCount = 7 });
        Compare(new ModelOptions { Path = folder.Convert(type), Dtype = dtype }, layers: 3, keepsHead: true);
    }

    [CudaEmulatorTheory]
    [InlineData("auto", false, 2, true)]
    [InlineData("int8", false, 0, true)]
    [InlineData("int4", true, 3, false)]
    [InlineData("float32", true, 1, false)]
    public void Run_OnACudaDevice_IsBitwiseWhatItIsWithoutLimit(string dtype, bool isTied, int layers, bool keepsHead)
    {
        RandomCheckpoint.Write(_folder, Config with { TieWordEmbeddings = isTied, LayerCount = 5 }, TensorDtype.BF16, seed: 1);
        ModelOptions options = new() { Path = _folder, Device = "cpu", Dtype = dtype, MaxBatchTokens = 64, MaxSequences = 3, Deterministic = true };
        EmulatedDevice device = new();
        (ModelOptions limited, BackendChoice choice) = LimitedModel.Of(options, device.Choice, layers, keepsHead);
        Assert.Equal(ModelRunnerTests.Generate(options, 12, device.Choice), ModelRunnerTests.Generate(limited, 12, choice));
        Assert.Equal("", device.Leaks);
        Assert.Equal(Read(options, device.Choice, 20), Read(limited, choice, 20));
        Assert.Equal("", device.Leaks);
    }

    [CudaEmulatorFact]
    public void Dispose_CudaDeviceIsLost_GivesAllBackWithoutAWord()
    {
        RandomCheckpoint.Write(_folder, Config with { LayerCount = 5 }, TensorDtype.BF16, seed: 1);
        EmulatedDevice device = new();
        (ModelOptions limited, BackendChoice choice) = LimitedModel.Of(new() { Path = _folder, Device = "cpu", MaxBatchTokens = 64, MaxSequences = 3 }, device.Choice, layers: 2);
        ModelRunner runner = ModelRunner.Load(limited, choice);
        ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
        ModelRunnerTests.Lay(runner, batch, position: 0, sequences: 1, token: 3);
        batch.Slots[0] = 1 << 24; // far behind the cache: a kernel writes where nothing is
        Assert.Throws<RunnerLostException>(() => runner.Run(batch, new SampledToken[1], default));
        runner.Dispose();
        Assert.Equal("", device.Leaks);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_OnSeveralDevicesOfTheProcessor_IsBitwiseWhatItIsWithoutLimit(bool isTied)
    {
        RandomCheckpoint.Write(_folder, Config with { TieWordEmbeddings = isTied, LayerCount = 14 }, TensorDtype.BF16, seed: 4);
        ModelOptions options = new() { Path = _folder, Device = "cpu:0,cpu:1", MaxSequences = 3, MaxBatchTokens = 16, Deterministic = true, BlockCount = 8 };
        BackendChoice[] free = [.. BackendChoice.AllOf(options)];
        BackendChoice[] limited = [.. free.Select(choice => UnburdenedBackend.On(choice) with { MemoryLimit = 450_000 })];
        Assert.Equal(ModelRunnerTests.Generate(options, 24), ModelRunnerTests.Generate(options, 24, limited));
        using ModelRunner runner = ModelRunner.Load(options, limited);
        Assert.Equal(2, runner.Description.Memory!.Split(" stream,").Length - 1);
        long before = Traffic(runner);
        StreamRate rate = runner.MeasureStream()!.Value;
        Assert.Equal(before, Traffic(runner));
        Assert.Equal(rate.StepBytes, runner.Description.Stream!.Value.StepBytes);
        Assert.True(rate.Seconds > 0);
        ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
        for (int position = 0; position < 5; position++) ModelRunnerTests.Step(runner, batch, new SampledToken[1], position, 1);
        Assert.Equal(before + 5 * rate.StepBytes, Traffic(runner));
    }

    [Fact]
    public void MeasureStream_NothingStreams_IsNull()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 1);
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = _folder, Device = "cpu", MaxSequences = 3 });
        Assert.Null(runner.MeasureStream());
        Assert.Null(runner.Description.Stream);
        Assert.Null(runner.Description.Devices[0].Traffic);
    }

    [Fact]
    public void Load_EverythingFits_ChangesNothing()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 1);
        ModelOptions options = new() { Path = _folder, Device = "cpu", MaxSequences = 3 };
        using ModelRunner free = ModelRunner.Load(options), limited = ModelRunner.Load(options, UnburdenedBackend.On(BackendChoice.Of(options with { MemoryLimit = "64MiB" })));
        Assert.Equal(free.Limits, limited.Limits);
        Assert.Equal(free.Description.KvCache.Split("within")[0], limited.Description.KvCache.Split("within")[0]); // before what is free at the moment
        Assert.Equal("64 MiB, and everything fits", limited.Description.Memory);
        Assert.Null(free.Description.Memory);
    }

    [Fact]
    public void Load_TheProcessAloneIsLarger_NamesTheSmallestLimit()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 1);
        string message = Assert.Throws<InsufficientMemoryException>(() => ModelRunner.Load(new ModelOptions { Path = _folder, Device = "cpu", MemoryLimit = "16MiB" })).Message;
        Assert.Contains("Model:MemoryLimit=16 MiB is too small even if all weights stream", message);
        Assert.Contains("The smallest that works is", message);
    }

    [Fact]
    public void Load_WouldQuantiseInEachStep_SaysToDoItAhead()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 1);
        ModelOptions options = new() { Path = _folder, Device = "cpu", Dtype = "int8", MaxSequences = 3 };
        (ModelOptions limited, BackendChoice choice) = LimitedModel.Of(options, BackendChoice.Of(options), 2);
        string message = Assert.Throws<ArgumentException>(() => ModelRunner.Load(limited, choice)).Message;
        Assert.Contains("the verb quantize with --type int8", message);
        Assert.Matches("All weights stay from Model:MemoryLimit=[0-9]+MiB on", message);
    }

    [Fact]
    public void Run_WarmDecodeSteps_AllocateNoMoreThanWithoutLimit()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 1);
        ModelOptions options = new() { Path = _folder, Device = "cpu", MaxSequences = 4, BlockCount = 32 };
        (ModelOptions limited, BackendChoice choice) = LimitedModel.Of(options, BackendChoice.Of(options), 2);
        Assert.Equal(Allocated(options, BackendChoice.Of(options)), Allocated(limited, choice));
    }

    [Fact]
    public void Run_FileIsTruncatedMeanwhile_EndsWithASentence()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 1);
        ModelOptions options = new() { Path = _folder, Device = "cpu", MaxSequences = 3 };
        (ModelOptions limited, BackendChoice choice) = LimitedModel.Of(options, BackendChoice.Of(options), 0, keepsHead: false);
        using ModelRunner runner = ModelRunner.Load(limited, choice);
        ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
        SampledToken[] sampled = new SampledToken[1];
        ModelRunnerTests.Step(runner, batch, sampled, 0, 1);
        using (FileStream file = new(Path.Combine(_folder, "model.safetensors"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(file.Length / 2);
        RunnerLostException lost = Assert.Throws<RunnerLostException>(() =>
        {
            for (int position = 1; position < 4; position++) ModelRunnerTests.Step(runner, batch, sampled, position, 1);
        });
        Assert.Contains("The weights cannot be read any more", lost.Message);
        Assert.Contains("it was changed while it was served", lost.Message);
        Assert.Throws<RunnerLostException>(() => ModelRunnerTests.Step(runner, batch, sampled, 4, 1));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Compare(ModelOptions options, int layers, bool keepsHead)
    {
        options = options with { Device = "cpu", MaxSequences = 3, Deterministic = options.Kernels == "fused", Repack = false }; // what streams is not packed
        (ModelOptions limited, BackendChoice choice) = LimitedModel.Of(options, BackendChoice.Of(options), layers, keepsHead);
        Assert.Equal(ModelRunnerTests.Generate(options, 24), ModelRunnerTests.Generate(limited, 24, choice));
        Assert.Equal(Read(options, BackendChoice.Of(options), 50), Read(limited, choice, 50)); // in one chunk
        Assert.Equal(Read(options, BackendChoice.Of(options), 7), Read(limited, choice, 7)); // most steps draw nothing: the head is passed over
    }

    private static double[] Read(ModelOptions options, BackendChoice choice, int chunk)
    {
        using ModelRunner runner = ModelRunner.Load(options, choice);
        Assert.Equal(choice.MemoryLimit is not null, runner.Description.Memory?.Contains("stream", StringComparison.Ordinal) == true);
        (double[] logprobs, float[] sum) = ModelRunnerTests.Read(runner, chunk);
        return [.. logprobs, .. sum];
    }

    private static long Traffic(ModelRunner runner) => runner.Description.Devices.Sum(device => device.Traffic!.Bytes);

    private static long Allocated(ModelOptions options, BackendChoice choice)
    {
        using ModelRunner runner = ModelRunner.Load(options, choice);
        return ModelRunnerTests.AllocatedPerStep(runner);
    }
}
