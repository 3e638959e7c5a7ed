using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Parallel;
using Llama.Model.Quantization;
using Llama.Model.Tests.Checkpoints;
using Llama.Model.Tests.Kernels;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Parallel;

/// <summary>Shards against the whole weights, value by value.</summary>
[HoldsTensors]
public sealed class ShardedWeightsTests
{
    private static readonly LlamaConfig Config = TestConfig.Tiny with { KvHeadCount = 4, HeadCount = 8, HeadDim = 16, IntermediateSize = 208 };

    public static TheoryData<string?, int> Forms
    {
        get
        {
            TheoryData<string?, int> forms = [];
            foreach (string? type in new[] { null, "int8", "int8-outliers", "int8-g32", "int4", "int4-g32", "int4-g128-zp" })
                foreach (int count in new[] { 2, 3, 4 }) forms.Add(type, count);
            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Weight_OfAnyFormInTheFile_IsThatPartOfTheWhole_ToTheLastBit(string? type, int count)
    {
        using TempFolder folder = new();
        RandomCheckpoint.Write(folder.Path, Config, TensorDtype.BF16, seed: 3);
        string path = type is null ? folder.Path : Quantized(folder, type);
        WeightFormat format = WeightFormat.Parse("auto");
        using IWeightSource whole = WeightSource.Open(path, format, HostMemory.Instance);
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(Config).Where(tensor => tensor.Shape.Length == 2))
        {
            using Weight all = whole.Weight(tensor.Name);
            Tensor expected = all.Widen();
            foreach (int index in Enumerable.Range(0, count))
            {
                Shard shard = Shard.Of(Config, index, count);
                using ShardedWeights source = new(WeightSource.Open(path, format, HostMemory.Instance), shard);
                using Weight part = source.Weight(tensor.Name);
                WeightPart expectedPart = shard.PartOf(tensor.Name);
                Assert.Equal(all.GetType(), part.GetType());
                Assert.True(AreSame(part.Widen(), PartOf(expected)), $"{tensor.Name} {index}");
                if (all is OutlierWeight split) Assert.True(AreSame(((OutlierWeight)part).Columns.Widen(), PartOf(split.Columns.Widen())), $"{tensor.Name} {index}");
                if (part is QuantizedWeight codes) Assert.Equal(codes.GroupSize, source.GroupSizeOf(tensor.Name));
                if (source.CodeBytes(tensor.Name, isHost: true) is long bytes && !expectedPart.IsColumns) Assert.Equal(bytes, part.ByteCount);

                Tensor PartOf(Tensor values) => values.narrow(expectedPart.IsColumns ? 1 : 0, expectedPart.Slice.Start, expectedPart.Slice.Count);
            }
        }
    }

    [Fact]
    public void Weight_RowsOfAMappedFile_LieInTheFile_AndColumnsAreCopies()
    {
        using TempFolder folder = new();
        RandomCheckpoint.Write(folder.Path, Config, TensorDtype.BF16, seed: 3);
        using ShardedWeights source = new(WeightSource.Open(folder.Path, WeightFormat.Parse("auto"), HostMemory.Instance), Shard.Of(Config, 1, 2));
        using DenseWeight rows = (DenseWeight)source.Weight("model.layers.0.mlp.gate_proj.weight"), columns = (DenseWeight)source.Weight("model.layers.0.mlp.down_proj.weight");
        Assert.False(rows.Values.OwnsMemory);
        Assert.True(columns.Values.OwnsMemory);
    }

    [Fact]
    public void Weight_Copied_IsLetGoOfInTheSource_AndOneThatLiesThereIsNot()
    {
        using TempFolder folder = new();
        RandomCheckpoint.Write(folder.Path, Config, TensorDtype.BF16, seed: 3);
        ReleasedWeights released = new(WeightSource.Open(folder.Path, WeightFormat.Parse("auto"), HostMemory.Instance));
        using ShardedWeights source = new(released, Shard.Of(Config, 1, 2));
        foreach (string name in (string[])["mlp.gate_proj", "mlp.down_proj", "self_attn.q_proj", "self_attn.o_proj"]) source.Weight($"model.layers.0.{name}.weight").Dispose();
        Assert.Equal(["model.layers.0.mlp.down_proj.weight", "model.layers.0.self_attn.o_proj.weight"], released.Names);
    }

    [Fact]
    public void CopyColumns_OfRandomCodes_HaveTheWholesValues_AlsoFromWithinAGroup()
    {
        Random random = new(2);
        foreach (int bits in new[] { 4, 8 })
            foreach (int? group in new int?[] { 16, 32, 64, 128, 256, null })
                foreach (bool hasMinima in new[] { false, true })
                    for (int i = 0; i < 4; i++)
                    {
                        int inputs = random.Next(40, 700), start = random.Next(inputs / 16) * 16, columns = random.Next(1, inputs - start + 1);
                        QuantizedWeight whole = RandomCodes.Weight(5, inputs, bits, group, hasMinima, i);
                        using Weight cut = WeightCut.CopyColumns(whole, new Slice(start, columns), "w");
                        Assert.True(AreSame(cut.Widen(), whole.Widen().narrow(1, start, columns)), $"{bits} bits, groups of {group}, {columns} of {inputs} from {start}");
                        Assert.True(AreSame(((QuantizedWeight)cut).ToDense(ScalarType.Float32).Widen(), cut.Widen()));
                    }
    }

    [Fact]
    public void CopyColumns_FromWithinTheSmallestGroup_NamesTheRemedy()
    {
        QuantizedWeight whole = RandomCodes.Weight(2, 200, 4, 64, hasMinima: false, 1);
        string message = Assert.Throws<ArgumentException>(() => WeightCut.CopyColumns(whole, new Slice(72, 24), "model.layers.0.self_attn.o_proj.weight")).Message;
        Assert.Contains("o_proj.weight at column 72, within a group of 64 codes", message, StringComparison.Ordinal);
    }

    /// <summary>A source that notes what is let go of.</summary>
    private sealed class ReleasedWeights(IWeightSource source) : IWeightSource
    {
        public List<string> Names { get; } = [];

        public LlamaConfig Config => source.Config;

        public Matrix Norm(string name) => source.Norm(name);

        public Weight Weight(string name) => source.Weight(name);

        public long? CodeBytes(string name, bool isHost) => source.CodeBytes(name, isHost);

        public void Release(string name) => Names.Add(name);

        public void Dispose() => source.Dispose();
    }

    private static bool AreSame(Tensor one, Tensor other) => one.shape.SequenceEqual(other.shape) && one.eq(other).all().item<bool>();

    private static string Quantized(TempFolder folder, string type)
    {
        Assert.True(QuantizationType.TryParse(type, out QuantizationType parsed));
        string path = Directory.CreateDirectory(Path.Combine(folder.Path, type)).FullName;
        CheckpointQuantizer.Write(folder.Path, path, QuantizationPlan.Of(parsed), new Progress<double>(), default);
        return path;
    }
}
