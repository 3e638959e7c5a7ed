using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Simd;
using Llama.Model.Parallel;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>What a plan believes that intermediate results take is what they take.</summary>
[HoldsTensors]
public sealed class StepMemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-step-memory").FullName;

    [Theory]
    [InlineData(ScalarType.Float32, 0, 4)]
    [InlineData(ScalarType.BFloat16, 0, 4)]
    [InlineData(ScalarType.BFloat16, 0, 2)]
    [InlineData(ScalarType.BFloat16, 2, 2)]
    public void StepBytes_OfAnyPart_IsWhatTheModelAllocates(ScalarType dtype, int firstLayer, int layerCount)
    {
        LlamaConfig config = SmallLlama.Config with { LayerCount = 4 };
        RandomCheckpoint.Write(_folder, config, TensorDtype.BF16, seed: 1);
        ModelPart part = new(firstLayer, layerCount);
        CountingMemory memory = new();
        StepSize size = new(37, 11, 100, 16);
        using LlamaModel model = new(new LlamaWeights(WeightSource.Open(_folder, WeightFormat.Parse("auto"), HostMemory.Instance), part), SimdKernels.CreateScalar(ScalarType.BFloat16), memory, size, dtype);
        long whileMade = RopeTable.BytesOf(config, size.ContextLength) / 2; // what the table of rotations is computed in
        Assert.Equal(LlamaModel.StepBytes(part.ShapeOf(config), size, dtype, part.HasHead(config)), memory.Bytes + whileMade);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(2, 2)]
    public void BytesOf_AnyShare_AreAllLogitsOnTheFirstDevice_AndWhatGoesThroughTheHost(int firstLayer, int layerCount)
    {
        LlamaConfig config = SmallLlama.Config with { LayerCount = 4, VocabSize = 203 };
        StepSize size = new(37, 11, 100, 16);
        foreach (ModelPart part in new ModelPart(firstLayer, layerCount).Shards(2))
        {
            CountingMemory memory = new();
            int samples = part.HasHead(config) ? size.Samples : 0;
            using ShardedKernels kernels = new(SimdKernels.CreateScalar(ScalarType.BFloat16), part.ShardOf(config), new NoCollective(), memory, samples);
            int largest = Math.Max(size.Tokens * config.HiddenSize, samples * part.ShardOf(config).Config.VocabSize);
            Assert.Equal(memory.Bytes, ShardGroup.BytesOf(config, part, size, isHost: false));
            Assert.Equal(memory.Bytes + 2 * largest * sizeof(float), ShardGroup.BytesOf(config, part, size, isHost: true));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class NoCollective : ICollective
    {
        public void Sum(Matrix matrix) { }

        public void Gather(Matrix part, Matrix? whole) { }

        public void Dispose() { }
    }

    private sealed unsafe class CountingMemory : DeviceMemory
    {
        public long Bytes { get; private set; }

        public override bool IsHost => true;

        public override long FreeBytes() => HostMemory.Instance.FreeBytes();

        public override Matrix Empty(int rows, int columns, ScalarType dtype)
        {
            Bytes += Matrix.BytesOf(rows, columns, dtype);
            return HostMemory.Instance.Empty(rows, columns, dtype);
        }

        public override Matrix Place(Matrix onHost, ScalarType dtype)
        {
            Bytes += Matrix.BytesOf(onHost.Rows, onHost.Columns, dtype);
            return HostMemory.Instance.Place(onHost, dtype);
        }

        public override void Upload(Matrix source, Matrix target) => HostMemory.Instance.Upload(source, target);

        public override void Download(Matrix matrix, void* target) => HostMemory.Instance.Download(matrix, target);
    }
}
