using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Quantization;

/// <summary>Quantised weights against the plain rule, rounding to nearest over a group's whole range, and at the edges of what a weight may be.</summary>
[HoldsTensors]
public sealed class WeightQuantizerTests
{
    private const int SignificantBits = 11; // of a group's scale

    public static TheoryData<string> Types => [.. QuantizationType.Spellings.Split(", ")];

    public static TheoryData<string> GroupedTypes => [.. QuantizationType.Spellings.Split(", ").Where(name => Parse(name).GroupSize is not null)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Run_RandomWeights_AreNoWorseThanRoundingToNearest(string name)
    {
        QuantizationType type = Parse(name);
        foreach ((int outputs, int inputs) in new[] { (1, 1), (1, 300), (7, 31), (5, 64), (3, 200), (40, 256) })
        {
            float[] values = Normal(outputs * inputs, seed: inputs);
            float[] widened = Quantize(values, outputs, type);
            for (int row = 0; row < outputs; row++)
                for (int start = 0; start < inputs; start += type.GroupSizeOf(inputs))
                {
                    Range group = (row * inputs + start)..(row * inputs + Math.Min(start + type.GroupSizeOf(inputs), inputs));
                    double error = Error(values[group], widened[group]), plain = Error(values[group], Rounded(values[group], type));
                    double shortened = type.HasShortScales ? Error(values[group], new float[values[group].Length]) * Math.Pow(2, -2 * SignificantBits) : 0; // by half a last bit of the scale
                    Assert.True(error <= plain * 1.0001 + shortened + 1e-12, $"[{outputs}, {inputs}] row {row} at {start}: {error:E3}, rounded {plain:E3}");
                }
        }
    }

    [Theory]
    [InlineData("int4-g32", 0.95)]
    [InlineData("int4-g128", 0.9)]
    [InlineData("int4-g32-zp", 0.95)]
    public void Run_FourBits_GainsOnRoundingToNearest(string name, double share)
    {
        QuantizationType type = Parse(name);
        float[] values = Normal(64 * 256, seed: 1), rounded = [.. values.Chunk(type.GroupSize!.Value).SelectMany(group => Rounded(group, type))];
        Assert.InRange(Error(values, Quantize(values, 64, type)) / Error(values, rounded), 0.5, share);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Run_ZerosAndConstants_ComeBack(string name)
    {
        QuantizationType type = Parse(name);
        Assert.All(Quantize(new float[3 * 150], 3, type), value => Assert.Equal(0, value));
        float[] constants = [.. Enumerable.Range(0, 3 * 150).Select(i => i / 150 - 1f)];
        Assert.Equal(constants, Quantize(constants, 3, type), (one, other) => Math.Abs(one - other) < 1e-6);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Run_AnyMagnitude_ScalesWithTheWeights(string name)
    {
        QuantizationType type = Parse(name);
        float[] values = Normal(4 * 160, seed: 5), expected = Quantize(values, 4, type);
        foreach (int exponent in new[] { -100, -20, 60, 120 })
            Assert.Equal(expected.Select(value => MathF.ScaleB(value, exponent)), Quantize([.. values.Select(value => MathF.ScaleB(value, exponent))], 4, type));
    }

    [Theory]
    [MemberData(nameof(GroupedTypes))]
    public void Run_GroupsFarApartInSize_KeepEachItsOwnPrecision(string name)
    {
        QuantizationType type = Parse(name);
        int size = type.GroupSize!.Value;
        float[] values = [.. Normal(2 * size, seed: 6).Select((value, i) => i < size ? value : value * 1e-6f)];
        float[] widened = Quantize(values, 1, type);
        Assert.InRange(Error(values[size..], widened[size..]) / Error(values[size..], new float[size]), 0, type.Bits == 8 ? 1e-3 : 0.05);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Run_NotFinite_NamesTheRow(float value)
    {
        float[] values = Normal(6 * 40, seed: 7);
        values[3 * 40 + 11] = value;
        CheckpointException error = Assert.Throws<CheckpointException>(() => Quantize(values, 6, QuantizationType.Int4));
        Assert.StartsWith("w: row 3 holds", error.Message);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Run_HalfPrecisionSource_IsThatOfItsValues(ScalarType dtype)
    {
        using Tensor half = tensor(Normal(5 * 70, seed: 8), [5, 70]).to(dtype), full = half.to(ScalarType.Float32);
        using QuantizedWeight ofHalf = WeightQuantizer.Run(Matrix.Of(half), QuantizationType.Int4, "half"), ofFull = WeightQuantizer.Run(Matrix.Of(full), QuantizationType.Int4, "full");
        Assert.True(ofHalf.Widen().eq(ofFull.Widen()).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void TryParse_Spelling_IsReadAndWritten(string name)
    {
        QuantizationType type = Parse(name);
        Assert.Equal(type, Parse(type.ToString()));
        if (name.Contains('-')) Assert.Equal(name, type.ToString());
    }

    [Theory]
    [InlineData("int3")]
    [InlineData("int8-zp")]
    [InlineData("int4-row")]
    [InlineData("int4-g48")]
    [InlineData("int8-g32-zp")]
    [InlineData("xint8")]
    [InlineData("")]
    public void TryParse_AnythingElse_IsRefused(string name) => Assert.False(QuantizationType.TryParse(name, out _));

    private static QuantizationType Parse(string name)
    {
        Assert.True(QuantizationType.TryParse(name, out QuantizationType type));
        return type;
    }

    private static float[] Quantize(float[] values, int outputs, QuantizationType type)
    {
        using Tensor source = tensor(values, [outputs, values.Length / outputs]);
        using QuantizedWeight weight = WeightQuantizer.Run(Matrix.Of(source), type, "w");
        using Tensor widened = weight.Widen();
        return widened.data<float>().ToArray();
    }

    private static float[] Rounded(float[] group, QuantizationType type)
    {
        float low = group.Min(), high = group.Max(), size = Math.Max(high, -low);
        float scale = type.IsSymmetric ? size / (type.ZeroPoint - 1) : (high - low) / (type.CodeCount - 1), offset = type.IsSymmetric ? 0 : low;
        return scale == 0 ? group : [.. group.Select(value => MathF.Round((value - offset) / scale) * scale + offset)];
    }

    private static double Error(float[] values, float[] others) => values.Zip(others, (one, other) => Math.Pow((double)one - other, 2)).Sum();

    private static float[] Normal(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }
}
