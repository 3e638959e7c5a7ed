using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Model.Quantization;
using Llama.Model.Tests.Gguf;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>Rows that are read piece by piece, of every form that weights have in files.</summary>
[HoldsTensors]
public sealed unsafe class PieceReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-piece-tests").FullName;

    [Theory]
    [InlineData("int8")]
    [InlineData("int8-outliers")]
    [InlineData("int4")]
    [InlineData("int4-g64-zp")]
    public void Read_AnyRowsInCodes_AreThoseOfTheWeight(string type)
    {
        Assert.True(QuantizationType.TryParse(type, out QuantizationType parsed));
        RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 2);
        string target = Directory.CreateDirectory(Path.Combine(_folder, "quantised")).FullName;
        CheckpointQuantizer.Write(_folder, target, QuantizationPlan.Of(parsed), new Progress<double>());
        Check(target, "auto", ScalarType.BFloat16);
    }

    [Theory]
    [InlineData(TensorDtype.F32, "bfloat16")]
    [InlineData(TensorDtype.BF16, "float32")]
    [InlineData(TensorDtype.F16, "bfloat16")]
    public void Read_AnyRowsThatAreConverted_AreThoseOfTheWeight(TensorDtype stored, string dtype)
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config, stored, seed: 1);
        Check(_folder, dtype, dtype == "float32" ? ScalarType.Float32 : ScalarType.BFloat16);
    }

    [Theory]
    [InlineData("BF16", "auto")]
    [InlineData("F16", "auto")]
    [InlineData("Q8_0", "auto")]
    [InlineData("Q4_0", "auto")]
    [InlineData("Q4_0", "bfloat16")]
    public void Read_AnyRowsOfGguf_AreThoseOfTheWeight_AlsoWithinHeadsThatItShuffles(string type, string dtype)
    {
        using GgufFolder folder = new();
        Check(folder.Convert(type), dtype, ScalarType.BFloat16);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Check(string path, string dtype, ScalarType wanted)
    {
        using IWeightSource source = WeightSource.Open(path, WeightFormat.Parse(dtype), HostMemory.Instance, part: null, mayStream: true);
        IReadOnlyList<WeightUnit> units = WeightUnit.Of(source, ModelPart.Whole(source.Config), wanted, isHost: true);
        OffloadPlan plan = new(new bool[units.Count], 1 << 16, 0, 0);
        using PieceStream stream = new(new HostUnits(source, units, plan, wanted, tableRows: 0), plan);
        Dictionary<string, Weight> pieces = units.SelectMany(unit => unit.Names).ToDictionary(name => name, name => stream.View(name, 0));
        stream.Keep(long.MaxValue); // reads them whole
        Random random = new(3);
        foreach (string name in pieces.Keys)
            for (int i = 0; i < 20; i++) Check(name, stream.View(name, WeightStream.Own), pieces[name], random);
    }

    private static void Check(string name, Weight whole, Weight inPieces, Random random)
    {
        RowReader reader = OutlierWeight.CodesOf(inPieces).Reader!;
        Assert.InRange(reader.MostRows, 16, int.MaxValue);
        int first = random.Next(whole.Outputs), count = random.Next(1, Math.Min(reader.MostRows, whole.Outputs - first) + 1);
        WeightRows expected = WeightRows.Of(whole), read = reader.Read(first, count);
        IReadOnlyList<MemoryPart> parts = OutlierWeight.CodesOf(whole).Parts;
        Check(0, expected.Values, read.Values);
        if (parts.Count > 1) Check(1, (byte*)expected.Scales, (byte*)read.Scales);
        if (parts.Count > 2) Check(2, (byte*)expected.Minima, (byte*)read.Minima);

        void Check(int part, byte* expected, byte* actual)
        {
            long rowBytes = parts[part].Bytes / whole.Outputs;
            Assert.True(new ReadOnlySpan<byte>(expected + first * rowBytes, (int)(count * rowBytes)).SequenceEqual(new(actual + first * rowBytes, (int)(count * rowBytes))), $"{name}, rows {first} to {first + count}");
        }
    }
}
