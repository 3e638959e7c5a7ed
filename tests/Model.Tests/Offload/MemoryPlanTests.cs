using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Model.Quantization;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>What a plan says that weights take is what they take.</summary>
[HoldsTensors]
public sealed class MemoryPlanTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-memory-plan-").FullName;

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, "int8")]
    [InlineData(true, "int4")]
    public void Demand_OfAnyPart_IsAllThatIsLoaded(bool isTied, string? codes)
    {
        LlamaConfig config = SmallLlama.Config with { LayerCount = 5, TieWordEmbeddings = isTied };
        if (codes is not null && QuantizationType.TryParse(codes, out QuantizationType type)) config = config with { Quantization = QuantizationPlan.Of(type) };
        RandomCheckpoint.Write(_folder, config, TensorDtype.BF16, seed: 1);
        foreach (ModelPart part in (ModelPart[])[ModelPart.Whole(config), new(0, 2), new(1, 3), new(3, 2)])
        {
            using IWeightSource source = Open();
            using LlamaWeights weights = new(Open(), part);

            MemoryPlan plan = new(0, new ModelOptions { Path = _folder }, source, part, new StepSize(16, 4, 64, 16), ScalarType.BFloat16, isHost: true);
            MemoryDemand demand = plan.Demand(baseBytes: 0, ScalarType.Float32, bytesPerBlock: 100);

            Assert.Equal(weights.ByteCount, demand.Norms + demand.UnitBytes + demand.Table);
            Assert.Equal(part.HasHead(config) ? weights.Head!.ByteCount : 0, demand.Head);
            Assert.Equal(part.HasEmbedding && weights.Embedding != weights.Head ? weights.Embedding!.ByteCount : 0, demand.Table);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IWeightSource Open() => WeightSource.Open(_folder, WeightFormat.Parse("auto"), HostMemory.Instance);
}
