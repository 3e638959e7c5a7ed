using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>A model whose process grows and shrinks at will: weights give way and come back, and no answer changes.</summary>
[HoldsTensors]
public sealed class SpareMemoryTests : IDisposable
{
    private static readonly LlamaConfig Config = SmallLlama.Config with { LayerCount = 7 };

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-spare-tests").FullName;

    public SpareMemoryTests() => RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 1);

    [Theory]
    [InlineData("fused", false)]
    [InlineData("plain", false)]
    [InlineData("fused", true)]
    public void Run_AProcessThatGrowsAndShrinks_IsBitwiseWhatItIsWithoutLimit(string kernels, bool onTwoDevices)
    {
        ModelOptions options = new() { Path = _folder, Device = onTwoDevices ? "cpu:0,cpu:1" : "cpu", Kernels = kernels, Dtype = "bfloat16", MaxSequences = 3, MaxBatchTokens = 16, BlockCount = 10 };
        int[] expected = ModelRunnerTests.Generate(options, 100);
        int asked = 0;
        Random random = new(1);
        ProcessAccount process = new(Limit: 64 << 20, onTwoDevices ? 2 : 1, () =>
        {
            Interlocked.Increment(ref asked);
            lock (random) return random.Next(54 << 20, 58 << 20); // room for all, some or none
        });
        BackendChoice[] choices = [.. BackendChoice.AllOf(options).Select(choice => UnburdenedBackend.On(choice) with { MemoryLimit = 400_000, Process = process })];
        Assert.Equal(expected, ModelRunnerTests.Generate(options, 100, choices));
        Assert.True(asked >= 100);
    }

    [Fact]
    public void GiveWay_ARandomWalk_NeverLeavesTheProcessBeyondItsLimit()
    {
        using IWeightSource source = WeightSource.Open(_folder, WeightFormat.Parse("auto"), HostMemory.Instance);
        IReadOnlyList<WeightUnit> units = WeightUnit.Of(source, ModelPart.Whole(Config), ScalarType.BFloat16, isHost: true);
        OffloadPlan plan = new(new bool[units.Count], 1 << 20, 0, 0);
        using HostWeightStream stream = new(new HostUnits(source, units, plan, ScalarType.BFloat16, tableRows: 8), plan, pastCache: false);
        using LlamaWeights weights = Weights();
        using KvCache cache = new(Config, 64, 16, ScalarType.BFloat16, HostMemory.Instance);
        StepSize size = new(64, 4, 128, 16);
        long others = 0, limit = 64 << 20;
        ProcessAccount process = new(limit, 1, () => others + stream.KeptBytes);
        others = limit - process.Reserve - units.Sum(unit => unit.Bytes); // all could be kept, but for what is spared
        SpareMemory spare = new(process, stream, weights, new UntouchedMemory(weights, SimdKernels.CreateScalar(ScalarType.BFloat16), size, ScalarType.Float32, cache));
        Random random = new(2);
        ForwardBatch batch = new(64, 4, 8);
        bool hasGivenWay = false, hasComeBack = false;
        for (int step = 0; step < 1000; step++)
        {
            batch.Clear();
            batch.TokenCount = random.Next(1, 5);
            for (int token = 0; token < batch.TokenCount; token++) batch.Slots[token] = random.Next(64 * 16);
            long before = stream.KeptBytes;
            others += random.Next(-3 << 20, 3 << 20);
            others = Math.Clamp(others, limit / 2, limit - process.Reserve);
            spare.GiveWay(batch);
            Assert.True(others + stream.KeptBytes <= limit - process.Reserve);
            hasGivenWay |= stream.KeptBytes < before;
            hasComeBack |= stream.KeptBytes > before;
        }
        Assert.True(hasGivenWay && hasComeBack);
    }

    [Fact]
    public void Touch_AnySteps_CountsEachBlockAndRowOnce()
    {
        using LlamaWeights weights = Weights();
        using KvCache cache = new(Config, 8, 16, ScalarType.BFloat16, HostMemory.Instance);
        UntouchedMemory untouched = new(weights, SimdKernels.CreateScalar(ScalarType.BFloat16), new StepSize(64, 4, 128, 16), ScalarType.Float32, cache);
        ForwardBatch batch = new(64, 4, 8) { TokenCount = 20, SampleCount = 1 };
        for (int token = 0; token < 20; token++) batch.Slots[token] = token;
        long first = untouched.Touch(batch), again = untouched.Touch(batch);
        Assert.True(first > 2 * KvCache.BytesPerBlock(Config, 16, ScalarType.BFloat16));
        Assert.True(again < first / 2); // rows of the embedding may be others
        batch.Copies[0] = new BlockCopy(0, 5);
        batch.CopyCount = 1;
        Assert.True(untouched.Touch(batch) - again >= KvCache.BytesPerBlock(Config, 16, ScalarType.BFloat16));
        Assert.Equal(again, untouched.Touch(batch));
    }

    [Fact]
    public void Touch_AnyContexts_CountsWhatKernelsTakeForTheLongestInTheStep()
    {
        using LlamaWeights weights = Weights();
        using KvCache cache = new(Config, 8, 16, ScalarType.BFloat16, HostMemory.Instance);
        PlainKernels kernels = new();
        UntouchedMemory untouched = new(weights, kernels, new StepSize(64, 4, 128, 16), ScalarType.Float32, cache);
        ForwardBatch batch = new(64, 4, 8) { TokenCount = 3, SequenceCount = 3, SampleCount = 3 };
        untouched.Touch(batch); // once, for the first time
        long others = untouched.Touch(batch) - kernels.ScratchBytes(Config, 3, 0);
        Random random = new(4);
        for (int i = 0; i < 50; i++)
        {
            int[] contexts = [random.Next(1, 129), random.Next(1, 129), random.Next(1, 129)];
            contexts.CopyTo(batch.ContextLengths, 0);
            batch.ContextLengths[3] = 128; // of an earlier step
            Assert.Equal(kernels.ScratchBytes(Config, 3, contexts.Max()), untouched.Touch(batch) - others);
        }
    }

    private LlamaWeights Weights() => new(WeightSource.Open(_folder, WeightFormat.Parse("auto"), HostMemory.Instance));

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
