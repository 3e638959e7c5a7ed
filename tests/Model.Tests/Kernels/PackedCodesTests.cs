using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Simd;
using Llama.Model.Parallel;
using Llama.Model.Quantization;
using Llama.Model.Tests.Gguf;
using static Llama.Model.Tests.Kernels.MachineProducts;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Packed codes hold what the rows do, to the last bit and in no more bytes than they need, and are multiplied alike in any batch.</summary>
[HoldsTensors]
public sealed unsafe class PackedCodesTests
{
    [GeneratedCodeTheory]
    [MemberData(nameof(MachineLinearTests.Formats), MemberType = typeof(MachineLinearTests))]
    public void AnyValues_EqualPlain_AreThoseOfTheRows_AndKeepARowWhateverBatchItIsIn(int bits, int groupSize, bool hasMinima)
    {
        int packed = 0;
        foreach ((int inputs, int outputs) in new[] { (64, 16), (128, 48), (256, 176), (1024, 64), (1152, 80), (2304, 144), (5632, 32) })
        {
            using QuantizedWeight weight = RandomCodes(outputs, inputs, bits, groupSize == int.MaxValue ? inputs : groupSize, hasMinima);
            if (!PackedCodes.CanHold(weight)) continue;
            packed++;
            using PackedCodes units = new WeightPacker().Pack(weight);
            Assert.Equal(CodeUnit.Of(weight), units.Form);
            Check(weight, units);
        }
        Assert.True(packed > 0);
    }

    [GeneratedCodeTheory]
    [InlineData("Q8_0", 8, "Half", 8.5)]
    [InlineData("Q4_0", 4, "Half", 4.5)]
    [InlineData("Q4_1", 4, "Half", 5)]
    [InlineData("Q5_0", 5, "Half", 5.5)]
    [InlineData("Q5_1", 5, "Half", 6)]
    [InlineData("IQ4_NL", 4, "Half", 4.5)]
    [InlineData("IQ4_XS", 4, "Steps", 4.375)]
    [InlineData("Q2_K", 2, "Steps", 3.25)]
    [InlineData("Q3_K", 3, "Steps", 3.625)]
    [InlineData("Q4_K", 4, "Steps", 4.75)]
    [InlineData("Q5_K", 5, "Steps", 5.75)]
    [InlineData("Q6_K", 6, "Steps", 6.625)]
    public void BlocksOfAFile_TakeAFewBitsMoreAtMost_AndEqualPlainInAnyBatch(string type, int bits, string scales, double bitsPerWeight)
    {
        BlockFormat format = BlockFormat.Find(type)!;
        foreach ((int inputs, int outputs) in new[] { (256, 16), (768, 48), (2304, 80) })
        {
            using QuantizedWeight weight = Blocks(format, outputs, inputs);
            using PackedCodes units = new WeightPacker().Pack(weight);
            Assert.Equal((bits, scales, type.StartsWith("IQ4", StringComparison.Ordinal)), (units.Form.Bits, units.Form.Scales.ToString(), units.Form.HasTable));
            Assert.Equal(bitsPerWeight, units.ByteCount * 8.0 / inputs / outputs);
            Assert.Equal(units.ByteCount, format.PackedBytes(outputs, inputs));
            Check(weight, units);
        }
    }

    [GeneratedCodeTheory]
    [InlineData("int8-g32", 9)]
    [InlineData("int4", 4.25)]
    [InlineData("int4-g32", 4.5)]
    [InlineData("int4-g64-zp", 5)]
    public void QuantisedWeights_TakeWhatIsToldBefore_AndEqualPlainInAnyBatch(string name, double bitsPerWeight)
    {
        Assert.True(QuantizationType.TryParse(name, out QuantizationType type));
        foreach ((int inputs, int outputs) in new[] { (256, 16), (768, 48) })
        {
            using Matrix values = Matrix.Of(Randoms(6).Next(outputs, inputs));
            using QuantizedWeight weight = WeightQuantizer.Run(values, type, name);
            Assert.Equal(type.PackedBytesOf([outputs, inputs]), PackedCodes.BytesOf(weight));
            using PackedCodes units = new WeightPacker().Pack(weight);
            Assert.Equal(bitsPerWeight, units.ByteCount * 8.0 / inputs / outputs);
            Assert.Equal(units.ByteCount, PackedCodes.BytesOf(weight));
            Check(weight, units);
        }
    }

    // As a dead input leaves them: beside values of the usual size, far below what a float16 holds well.
    [GeneratedCodeTheory]
    [InlineData(1e-4f)]
    [InlineData(1e-5f)]
    [InlineData(1e-9f)]
    public void QuantisedWeightWithATinyGroup_HasShortScalesAllTheSame(float size)
    {
        using Tensor values = Randoms(6).Next(16, 256);
        values[3, 64..128] *= size;
        using QuantizedWeight weight = WeightQuantizer.Run(Matrix.Of(values), QuantizationType.Int4, "w");
        using PackedCodes units = new WeightPacker().Pack(weight);
        Assert.Equal((ScaleForm.Half, units.ByteCount), (units.Form.Scales, PackedCodes.BytesOf(weight)));
        Assert.InRange((weight.Widen() - values)[3, 64..128].abs().max().item<float>(), 0, MathF.Max(size / 8, MathF.ScaleB(1, -21))); // half a step of its own, or 8 times half the smallest float16
    }

    // What an earlier version wrote.
    [GeneratedCodeFact]
    public void QuantisedWeightWithLongScales_KeepsThem()
    {
        using QuantizedWeight weight = RandomCodes(outputs: 16, inputs: 256, bits: 4, groupSize: 64, hasMinima: false);
        using PackedCodes units = new WeightPacker().Pack(weight);
        Assert.Equal(ScaleForm.Single, units.Form.Scales);
        Assert.Equal(units.ByteCount, PackedCodes.BytesOf(weight));
    }

    // Blocks of 32 leave rows that fill no block of 256.
    [GeneratedCodeTheory]
    [InlineData("Q8_0", 8)]
    [InlineData("Q4_0", 4)]
    [InlineData("Q5_0", 8)]
    [InlineData("Q5_1", 8)]
    [InlineData("IQ4_NL", 4)]
    public void RowsThatFillNoLongBlock_AreHeldInWiderCodes(string type, int bits)
    {
        BlockFormat format = BlockFormat.Find(type)!;
        using QuantizedWeight weight = Blocks(format, outputs: 32, inputs: 896);
        using PackedCodes units = new WeightPacker().Pack(weight);
        Assert.Equal((bits, ScaleForm.Half), (units.Form.Bits, units.Form.Scales));
        Assert.Equal(units.ByteCount, format.PackedBytes(32, 896));
        Check(weight, units);
    }

    [GeneratedCodeTheory]
    [InlineData("Q5_0", 5)]
    [InlineData("IQ4_XS", 4)]
    [InlineData("Q2_K", 2)]
    [InlineData("Q3_K", 3)]
    [InlineData("Q4_K", 4)]
    [InlineData("Q6_K", 6)]
    public void ScalesOfNoCommonStep_StayWhatTheyAre(string type, int bits)
    {
        using QuantizedWeight weight = Blocks(BlockFormat.Find(type)!, outputs: 16, inputs: 512);
        new Span<float>(weight.Scales.Floats, 8).Clear();
        weight.Scales.Floats[20] = MathF.PI;
        using PackedCodes units = new WeightPacker().Pack(weight);
        Assert.Equal((bits, ScaleForm.Single), (units.Form.Bits, units.Form.Scales));
        Check(weight, units);
    }

    [GeneratedCodeFact]
    public void ScalesOfZero_AreStepsOfZero()
    {
        using QuantizedWeight weight = Blocks(BlockFormat.Find("Q4_K")!, outputs: 16, inputs: 512);
        new Span<float>(weight.Scales.Floats, 8).Clear();
        using PackedCodes units = new WeightPacker().Pack(weight);
        Assert.Equal(ScaleForm.Steps, units.Form.Scales);
        Check(weight, units);
    }

    [GeneratedCodeFact]
    public void ScaleThatIsNoNumber_SpoilsItsOutputAlone()
    {
        using QuantizedWeight weight = Blocks(BlockFormat.Find("Q6_K")!, outputs: 16, inputs: 512);
        weight.Scales.Floats[5 * weight.GroupCount] = float.NaN;
        using PackedCodes units = new WeightPacker().Pack(weight);
        using Matrix input = Matrix.Of(Randoms(1).Next(3, 512)), output = Matrix.Of(ones(3, 16));
        Machines[0].Run(input, [new(units, output)], add: false, isMany: false);
        Assert.Equal(Enumerable.Range(0, 48).Select(i => i % 16 == 5), output.Tensor.data<float>().ToArray().Select(float.IsNaN));
    }

    // A device's share of the columns, of whole blocks and of whole groups only.
    [GeneratedCodeTheory]
    [InlineData("Q4_K", 512, "Steps")]
    [InlineData("Q4_K", 384, "Single")]
    [InlineData("Q6_K", 192, "Single")]
    public void ShareOfTheColumns_IsPackedAsFarAsItsBlocksAreWhole(string type, int count, string scales)
    {
        using QuantizedWeight whole = Blocks(BlockFormat.Find(type)!, outputs: 32, inputs: 1024);
        using QuantizedWeight cut = (QuantizedWeight)WeightCut.CopyColumns(whole, new Slice(256, count), "weight");
        using PackedCodes units = new WeightPacker().Pack(cut);
        Assert.Equal(scales, units.Form.Scales.ToString());
        Check(cut, units);
    }

    [GeneratedCodeFact]
    public void ProductsOfTwoForms_InOneStep_AreThoseOfEach()
    {
        using QuantizedWeight four = Blocks(BlockFormat.Find("Q4_K")!, 32, 512), six = Blocks(BlockFormat.Find("Q6_K")!, 16, 512);
        using PackedCodes first = new WeightPacker().Pack(four), second = new WeightPacker().Pack(six);
        SimdKernels<Lanes512, Bf16> kernels = new(deterministic: true);
        using Matrix input = Matrix.Of(Randoms(1).Next(70, 512)), one = Matrix.Of(ones(70, 32)), other = Matrix.Of(ones(70, 16)), expected = Matrix.Of(ones(70, 16));
        kernels.Linear(input, [new(first, one), new(second, other)]);
        Machines[0].Run(input, [new(second, expected)], add: false, isMany: false); // deterministic kernels take this way for any number of rows
        AssertSame(expected, other, "the second");
        Machines[0].Run(input, [new(second, expected)], add: false, isMany: true);
        Assert.False(expected.Tensor.equal(other.Tensor).all().item<bool>(), "many rows do not go through panels");
    }

    [Theory]
    [InlineData(new[] { 0f, 0f, 0f }, 0f)]
    [InlineData(new[] { 0.75f, 0f, -1.25f, 0.5f }, 0.25f)]
    [InlineData(new[] { 6f, 10f, 15f }, 1f)]
    [InlineData(new[] { 127f, 1f }, 1f)]
    [InlineData(new[] { -128f, 127f }, 1f)]
    [InlineData(new[] { 128f, -127f }, -1f)]
    [InlineData(new[] { 6e-8f, 1.2e-7f }, 6e-8f)]
    [InlineData(new[] { 128f, -128f, 1f }, null)]
    [InlineData(new[] { 129f, 1f }, null)]
    [InlineData(new[] { 1f, 3.1415927f }, null)]
    [InlineData(new[] { 1f, float.NaN }, null)]
    [InlineData(new[] { float.PositiveInfinity, 1f }, null)]
    public void Step_OfAnyScales_IsTheLargestOfWhichAllAreMultiplesByASignedByte(float[] scales, float? expected)
    {
        Assert.Equal(expected is not null, CodeSurvey.TryFindStep(scales, out float step));
        if (expected is not null) Assert.Equal(expected, step);
    }

    [Fact]
    public void Step_OfRandomMultiples_IsFound_AndIsNotOnceOneIsOff()
    {
        Random random = new(5);
        for (int i = 0; i < 2000; i++)
        {
            float step = (float)(Half)((random.NextDouble() - 0.5) / 16);
            float[] scales = [.. Enumerable.Range(0, 16).Select(_ => step * random.Next(-127, 128))];
            Assert.True(CodeSurvey.TryFindStep(scales, out float found));
            Assert.All(scales, scale => Assert.True(found == 0 ? scale == 0 : MathF.Round(scale / found) is >= -128 and <= 127 && MathF.Round(scale / found) * found == scale));
            int at = random.Next(16);
            scales[at] = MathF.BitIncrement(scales[at]);
            Assert.False(CodeSurvey.TryFindStep(scales, out _));
        }
    }

    private static QuantizedWeight Blocks(BlockFormat format, int outputs, int inputs)
    {
        (byte[] blocks, _) = RandomBlocks.Make(format.Type.Name, outputs, inputs);
        fixed (byte* data = blocks) return BlockReader.Repack(format, data, outputs, inputs, default);
    }

    private static void Check(QuantizedWeight weight, PackedCodes units)
    {
        AssertSame(weight, units);
        using Matrix input = Matrix.Of(Randoms(1).Next(45, weight.Inputs)), all = Matrix.Of(ones(45, weight.Outputs));
        Machines[0].Run(input, [new(units, all)], add: true, isMany: false);
        foreach (int rows in new[] { 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 20, 25, 32, 45 })
        {
            MachineProducts.Check(rows, weight.Inputs, units, inPanels: false, Tolerances["codes"]);
            foreach (MachineLinear linear in Machines) // whose results are bit for bit the same
                foreach (bool add in new[] { true, false })
                {
                    using Matrix part = Matrix.Of(ones(rows, weight.Outputs).Fill(add ? 1 : float.NaN)), expected = Matrix.Of(ones(rows, weight.Outputs));
                    linear.Run(input.Take(rows), [new(units, part)], add, isMany: false);
                    if (!add) Machines[0].Run(input.Take(rows), [new(units, expected)], add, isMany: false);
                    AssertSame(add ? all.Take(rows) : expected, part, $"{rows} rows of {weight.Inputs}");
                }
        }
        foreach (int rows in new[] { 1, 16, 45 }) MachineProducts.Check(rows, weight.Inputs, units, inPanels: true, Tolerances[units.Form.PaysInPanels ? "codes in panels" : "codes"]);
    }
}
