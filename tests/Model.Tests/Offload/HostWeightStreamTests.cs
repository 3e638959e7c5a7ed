using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>Laws of what streams to the processor, through buffers and piece by piece, whatever is asked for and in whatever order: a step that fails asks for the first layer again.</summary>
[HoldsTensors]
public sealed unsafe class HostWeightStreamTests : IDisposable
{
    private static readonly LlamaConfig Config = SmallLlama.Config with { LayerCount = 9 };

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-stream-tests").FullName;

    [Theory]
    [InlineData(TensorDtype.BF16, Way.Buffers)]
    [InlineData(TensorDtype.BF16, Way.BuffersPastCache)]
    [InlineData(TensorDtype.BF16, Way.Pieces)]
    [InlineData(TensorDtype.F32, Way.Buffers)]
    [InlineData(TensorDtype.F32, Way.BuffersPastCache)]
    [InlineData(TensorDtype.F32, Way.Pieces)]
    public void Use_AnyOrder_FindsTheUnitsOwnValues(TensorDtype stored, Way way)
    {
        RandomCheckpoint.Write(_folder, Config, stored, seed: 5);
        for (int streaming = 1; streaming <= 19; streaming += 2)
        {
            using IWeightSource source = Open();
            IReadOnlyList<WeightUnit> units = UnitsOf(source);
            OffloadPlan plan = new([.. units.Select((_, unit) => unit >= streaming)], 1 << 20, 0, 0);
            using WeightStream stream = Stream(source, units, plan, way);
            Random random = new(streaming);
            for (int i = 0; i < 200; i++)
            {
                int unit = random.Next(3) == 0 ? random.Next(units.Count) : i % units.Count, buffer = stream.Use(unit);
                Assert.Equal(unit < streaming, buffer >= 0);
                if (buffer < 0) continue;
                foreach (string name in units[unit].Names) AssertEqual(source.Weight(name), stream.View(name, buffer));
            }
            Assert.True(stream.Measure(TimeSpan.FromSeconds(0.01)) is { BytesPerSecond: > 0 });
            Assert.InRange(stream.Use(0), 0, OffloadPlan.Buffers - 1);
        }
    }

    [Theory]
    [InlineData(Way.Buffers)]
    [InlineData(Way.Pieces)]
    public void Keep_AndLetGo_BetweenAnySteps_FindsTheUnitsOwnValues(Way way)
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.F32, seed: 5); // converted on the way
        using IWeightSource source = Open();
        IReadOnlyList<WeightUnit> units = UnitsOf(source);
        using WeightStream stream = StreamAll(source, units, way);
        long all = stream.StepBytes, kept = 0;
        Random random = new(3);
        for (int step = 0; step < 60; step++)
        {
            long change = random.NextInt64(2 * units.Sum(unit => unit.Bytes) / 3);
            bool keeps = random.Next(2) == 0;
            if (keeps) stream.Keep(change);
            else stream.LetGo(change);
            if (keeps) Assert.InRange(stream.KeptBytes, kept, kept + change);
            else Assert.InRange(stream.KeptBytes, 0, Math.Max(0, kept - change));
            kept = stream.KeptBytes;
            Assert.True(stream.StepBytes == all || kept > 0);
            int places = 0;
            for (int unit = random.Next(3); unit < units.Count; unit += random.Next(8) == 0 ? 2 : 1) // a step may leave units out
            {
                int place = stream.Use(unit);
                if (place == WeightStream.Own) places++;
                foreach (string name in units[unit].Names) AssertEqual(source.Weight(name), stream.View(name, place));
            }
            Assert.True(places == 0 || kept > 0);
        }
        stream.Keep(long.MaxValue);
        Assert.Equal(0, stream.StepBytes);
        stream.LetGo(long.MaxValue);
        Assert.Equal((all, 0), (stream.StepBytes, stream.KeptBytes));
    }

    [Theory]
    [InlineData(Way.Buffers)]
    [InlineData(Way.Pieces)]
    public void Traffic_AnySteps_IsWhatTheyReadAndWhatIsKept_AndNothingThatIsMeasured(Way way)
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 5);
        using IWeightSource source = Open();
        IReadOnlyList<WeightUnit> units = UnitsOf(source);
        using WeightStream stream = StreamAll(source, units, way);
        Random random = new(7);
        long read = 0;
        for (int step = 0; step < 40; step++)
        {
            if (random.Next(4) == 0)
            {
                long before = stream.StepBytes;
                stream.Keep(random.NextInt64(units.Sum(unit => unit.Bytes) / 2));
                read += before - stream.StepBytes; // of those that are kept now
            }
            if (random.Next(4) == 0) stream.LetGo(random.NextInt64(units.Sum(unit => unit.Bytes) / 2));
            if (random.Next(3) == 0) Assert.Equal(stream.StepBytes, stream.Measure(TimeSpan.MaxValue)?.StepBytes ?? 0);
            for (int unit = 0; unit < units.Count; unit++) stream.Use(unit);
            read += stream.StepBytes;
            Assert.Equal(read, stream.Traffic.Bytes);
        }
        Assert.True(stream.Traffic.Waited > TimeSpan.Zero);
    }

    [Theory]
    [InlineData(Way.Buffers)]
    [InlineData(Way.Pieces)]
    public void Keep_AnyRoom_StaysWithinItAndLeavesNoUnitThatWouldFit(Way way)
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 5);
        using IWeightSource source = Open();
        IReadOnlyList<WeightUnit> units = UnitsOf(source);
        using WeightStream stream = StreamAll(source, units, way);
        Random random = new(4);
        for (int i = 0; i < 40; i++)
        {
            long room = random.NextInt64(units.Sum(unit => unit.Bytes));
            stream.Keep(room);
            int[] streamed = [.. Enumerable.Range(0, units.Count).Where(unit => stream.Use(unit) != WeightStream.Own)];
            Assert.InRange(stream.KeptBytes, 0, room);
            Assert.All(streamed, unit => Assert.True(units[unit].Bytes + 2 * StoredFile.PageBytes * units[unit].Names.Count > room - stream.KeptBytes)); // each begins and ends at pages
            stream.LetGo(long.MaxValue);
        }
    }

    [Fact]
    public void Bring_AnyTokens_FindsTheirRowsHoweverFewAreKept()
    {
        RandomCheckpoint.Write(_folder, Config, TensorDtype.BF16, seed: 6);
        using IWeightSource source = Open();
        IReadOnlyList<WeightUnit> units = UnitsOf(source);
        using WeightStream stream = StreamAll(source, units, Way.Buffers, tableRows: 20);
        Matrix expected = ((DenseWeight)source.Weight(CheckpointLayout.Embedding)).Values, table = ((DenseWeight)stream.Table).Values;
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

    private static IReadOnlyList<WeightUnit> UnitsOf(IWeightSource source) => WeightUnit.Of(source, ModelPart.Whole(Config), ScalarType.BFloat16, isHost: true);

    private static WeightStream StreamAll(IWeightSource source, IReadOnlyList<WeightUnit> units, Way way, int tableRows = 8) =>
        Stream(source, units, new OffloadPlan(new bool[units.Count], 1 << 20, 0, 0), way, tableRows);

    private static WeightStream Stream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, Way way, int tableRows = 8)
    {
        HostUnits stored = new(source, units, plan, ScalarType.BFloat16, tableRows);
        return way == Way.Pieces ? new PieceStream(stored, plan) : new HostWeightStream(stored, plan, pastCache: way == Way.BuffersPastCache);
    }

    private IWeightSource Open() => WeightSource.Open(_folder, WeightFormat.Parse("auto"), HostMemory.Instance);

    private static void AssertEqual(Weight expected, Weight actual)
    {
        Matrix values = ((DenseWeight)expected).Values;
        if (actual.Reader is null) Assert.True(Bytes(values).SequenceEqual(Bytes(((DenseWeight)actual).Values)));
        else AssertEqual(values, actual.Reader);
    }

    private static void AssertEqual(Matrix expected, RowReader reader)
    {
        for (int first = 0, count; first < expected.Rows; first += count)
        {
            count = Math.Min(expected.Rows - first, 1 + first % reader.MostRows);
            WeightRows read = reader.Read(first, count);
            Assert.True(Bytes(expected.Slice(first, count)).SequenceEqual(new(read.Values + Matrix.BytesOf(first, expected.Columns, expected.Dtype), (int)Matrix.BytesOf(count, expected.Columns, expected.Dtype))));
        }
    }

    private static ushort[] Row(Matrix matrix, int row) => new ReadOnlySpan<ushort>((ushort*)matrix.Data + row * matrix.Columns, matrix.Columns).ToArray();

    private static ReadOnlySpan<byte> Bytes(Matrix matrix) => new(matrix.Data, (int)matrix.ByteCount);

    /// <summary>How weights come.</summary>
    public enum Way
    {
        Buffers,
        BuffersPastCache,
        Pieces,
    }
}
