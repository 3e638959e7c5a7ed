using Llama.Model.Checkpoints;
using Llama.Model.Parallel;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Parallel;

/// <summary>Models of any shape on devices in every number and grouping, by every kind of kernels: each draws and reads what the plain kernels do on one.</summary>
public sealed class OddShapesTests : IDisposable
{
    private const int ShapeCount = 24, WayCount = 4, MostDevices = 4;

    private static readonly int[] VocabSizes = [53, 101, 200, 211, 499], BlockSizes = [1, 5, 16, 64];
    private static readonly string[] Kernels = ["fused", "fused", "plain", "scalar"];

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-odd-shapes-tests").FullName;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, ShapeCount)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Run_AnyShapeOnAnyDevices_DrawsAndReadsWhatPlainKernelsDoOnOne(int seed)
    {
        Random random = new(seed);
        LlamaConfig config = Shape(random);
        RandomCheckpoint.Write(_folder, config, random.Next(2) == 0 ? TensorDtype.BF16 : TensorDtype.F32, (ulong)seed);
        ModelOptions plain = new() { Path = _folder, Device = "cpu", Dtype = "float32", Kernels = "plain", MaxBatchTokens = 64, MaxSequences = 4, Threads = 2 };
        int[] tokens = ModelRunnerTests.Generate(plain, 30);
        (double[] logprobs, float[] sum) = ModelRunnerTests.Read(plain, chunk: 50);
        for (int i = 0; i < WayCount; i++)
        {
            ModelOptions way = Way(random, config, plain);
            int chunk = random.Next(1, 51);
            (double[] readLogprobs, float[] readSum) = ModelRunnerTests.Read(way, chunk);
            string told = $"{way} in chunks of {chunk} of {config}";
            Assert.True(tokens.SequenceEqual(ModelRunnerTests.Generate(way, 30)), told);
            Assert.True(logprobs.Zip(readLogprobs).All(pair => Math.Abs(pair.First - pair.Second) < 1e-4), told);
            Assert.True(sum.Zip(readSum).All(pair => Math.Abs(pair.First - pair.Second) < 5e-3), told);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static LlamaConfig Shape(Random random)
    {
        int kvHeads = random.Next(1, 5);
        return SmallLlama.Config with
        {
            HiddenSize = random.Next(20, 150),
            IntermediateSize = random.Next(17, 300),
            LayerCount = random.Next(1, 5),
            KvHeadCount = kvHeads,
            HeadCount = kvHeads * random.Next(1, 5),
            HeadDim = 2 * random.Next(1, 25),
            VocabSize = VocabSizes[random.Next(VocabSizes.Length)],
            TieWordEmbeddings = random.Next(3) == 0,
        };
    }

    private static ModelOptions Way(Random random, LlamaConfig config, ModelOptions options)
    {
        int stages = random.Next(1, Math.Min(MostDevices, config.LayerCount) + 1);
        int[] shares = [.. Enumerable.Range(1, MostDevices / stages).Where(count => Shard.Refusal(config, count) is null)];
        int shared = shares[random.Next(shares.Length)];
        return options with
        {
            Device = string.Join(',', Enumerable.Range(0, stages * shared).Select(i => $"cpu:{i}").Reverse()),
            TensorParallel = shared,
            Kernels = Kernels[random.Next(Kernels.Length)],
            Threads = random.Next(1, 5),
            BlockSize = BlockSizes[random.Next(BlockSizes.Length)],
        };
    }
}
