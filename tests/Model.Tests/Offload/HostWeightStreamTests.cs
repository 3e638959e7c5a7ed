using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>Laws of what comes through the buffers, whatever is asked for and in whatever order: a step that fails asks for the first layer again.</summary>
public sealed unsafe class HostWeightStreamTests : IDisposable
{
    private static readonly LlamaConfig Config = SmallLlama.Config with { LayerCount = 9 };

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-stream-tests").FullName;

    [Theory]
    [InlineData(TensorDtype.BF16, false)]
    [InlineData(TensorDtype.BF16, true)]
    [InlineData(TensorDtype.F32, false)]
    [InlineData(TensorDtype.F32, true)]
    public void Use_AnyOrder_FindsTheUnitsOwnValues(TensorDtype stored, bool pastCache)
    {
        RandomCheckpoint.Write(_folder, Config, stored, seed: 5);
        for (int streaming = 1; streaming <= 10; streaming++)
        {
            using IWeightSource source = Open();
            IReadOnlyList<WeightUnit> units = WeightUnit.Of(source, ModelPart.Whole(Config), ScalarType.BFloat16);
            OffloadPlan plan = new([.. units.Select((_, unit) => unit >= streaming)], 1 << 20, 0, 0);
            using HostWeightStream stream = new(source, units, plan, ScalarType.BFloat16, tableRows: 8, pastCache);
            Random random = new(streaming);
            for (int i = 0; i < 200; i++)
            {
                int unit = random.Next(3) == 0 ? random.Next(units.Count) : i % units.Count, buffer = stream.Use(unit);
                Assert.Equal(unit < streaming, buffer >= 0);
                if (buffer < 0) continue;
                foreach (string name in units[unit].Names) AssertEqual(source.Weight(name), stream.View(name, buffer));
            }
            Assert.True(stream.Measure() > 0);
            Assert.Equal(0, stream.Use(0) / OffloadPlan.Buffers);
        }
    }

    [Fact]
    public void Bring_AnyTokens_FindsTheirRowsHoweverFewAreKept()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 6);
        using IWeightSource source = Open();
        IReadOnlyList<WeightUnit> units = WeightUnit.Of(source, ModelPart.Whole(Config), ScalarType.BFloat16);
        using HostWeightStream stream = new(source, units, new OffloadPlan([.. units.Select(_ => false)], 1 << 20, 0, 0), ScalarType.BFloat16, tableRows: 20);
        Matrix expected = ((DenseWeight)source.Weight(WeightUnit.Table)).Values, table = ((DenseWeight)stream.Table).Values;
        Random random = new(1);
        ForwardBatch batch = new(16, 1, 1);
        for (int i = 0; i < 300; i++)
        {
            batch.TokenCount = random.Next(1, 16);
            for (int t = 0; t < batch.TokenCount; t++) batch.TokenIds[t] = random.Next(Config.VocabSize);
            stream.Bring(batch);
            for (int t = 0; t < batch.TokenCount; t++) Assert.Equal(Row(expected, batch.TokenIds[t]), Row(table, batch.TokenIds[t]));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IWeightSource Open() => WeightSource.Open(_folder, WeightFormat.Parse("auto"), HostMemory.Instance);

    private static void AssertEqual(Weight expected, Weight actual) =>
        Assert.True(Bytes(((DenseWeight)expected).Values).SequenceEqual(Bytes(((DenseWeight)actual).Values)));

    private static ushort[] Row(Matrix matrix, int row) => new ReadOnlySpan<ushort>((ushort*)matrix.Data + row * matrix.Columns, matrix.Columns).ToArray();

    private static ReadOnlySpan<byte> Bytes(Matrix matrix) => new(matrix.Data, (int)matrix.ByteCount);
}
