using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Gguf;

/// <summary>What is read from blocks against ggml's formulas, weight by weight and to the last bit.</summary>
[HoldsTensors]
public sealed unsafe class BlockFormatTests
{
    public static TheoryData<string> Formats => new() { "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "IQ4_XS", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K" };

    [Theory]
    [MemberData(nameof(Formats))]
    public void Widen_AnyBlocks_AreThoseOfTheFormula(string name)
    {
        BlockFormat format = BlockFormat.Find(name)!;
        foreach (int inputs in new[] { 256, 2304 }) // the latter needs a second piece
        {
            (byte[] blocks, float[] expected) = RandomBlocks.Make(name, rows: 5, inputs);
            fixed (byte* data = blocks)
            {
                using Matrix single = BlockReader.Widen(format, data, 5, inputs, default, ScalarType.Float32), half = BlockReader.Widen(format, data, 5, inputs, default, ScalarType.BFloat16);
                Assert.Equal(expected, single.Tensor.data<float>().ToArray());
                using Tensor rounded = single.Tensor.to(ScalarType.BFloat16);
                Assert.True(rounded.equal(half.Tensor).all().item<bool>());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Repack_AnyBlocks_StandForTheSameWeights(string name)
    {
        BlockFormat format = BlockFormat.Find(name)!;
        foreach (int inputs in new[] { 256, 768, 2304 })
        {
            (byte[] blocks, float[] expected) = RandomBlocks.Make(name, rows: 4, inputs);
            fixed (byte* data = blocks)
            {
                using QuantizedWeight weight = BlockReader.Repack(format, data, 4, inputs, default);
                Assert.Equal((4, inputs), (weight.Outputs, weight.Inputs));
                Assert.Equal(expected, Weights(weight));
            }
        }
    }

    [Fact]
    public void Repack_ShuffledHeads_PutsRowsInOrder()
    {
        (byte[] blocks, float[] expected) = RandomBlocks.Make("Q8_0", rows: 16, inputs: 64);
        var order = new RopeOrder(8);
        fixed (byte* data = blocks)
        {
            using QuantizedWeight weight = BlockReader.Repack(BlockFormat.Find("Q8_0")!, data, 16, 64, order);
            float[] weights = Weights(weight);
            for (int row = 0; row < 16; row++) Assert.Equal(expected.AsSpan((int)order.InFile(row) * 64, 64), weights.AsSpan(row * 64, 64));
        }
    }

    [Fact]
    public void RopeOrder_AnyRow_IsUndone()
    {
        foreach (int headDim in new[] { 2, 8, 128 })
        {
            var order = new RopeOrder(headDim);
            for (int row = 0; row < 3 * headDim; row++)
            {
                Assert.Equal(row, order.InModel(order.InFile(row)));
                // The two that a rotation turns together are neighbours in the file.
                if (row % headDim < headDim / 2) Assert.Equal(order.InFile(row) + 1, order.InFile(row + headDim / 2));
            }
        }
    }

    [Theory]
    [InlineData("Q8_0", 0.5f / 127)]
    [InlineData("Q4_0", 1f / 8)]
    public void Encode_AnyRow_IsReadBackWithinAStep(string name, float step)
    {
        BlockFormat format = BlockFormat.Find(name)!;
        var random = new Random(1);
        float[] row = [.. Enumerable.Range(0, 320).Select(i => i < 32 ? 0 : (float)(random.NextDouble() - 0.5) * (1 << (i / 32)))];
        byte[] bytes = new byte[format.Type.RowBytes(row.Length)];
        RowEncoder.Encode(format.Type, row, bytes);
        fixed (byte* data = bytes)
        {
            using Matrix back = BlockReader.Widen(format, data, 1, row.Length, default, ScalarType.Float32);
            float[] values = back.Tensor.data<float>().ToArray();
            for (int i = 0; i < row.Length; i++)
            {
                float largest = row.AsSpan(i / 32 * 32, 32).ToArray().Max(MathF.Abs);
                float near = largest * (step + 5e-4f); // the scale is rounded too
                Assert.InRange(values[i], row[i] - near, row[i] + near);
            }
        }
    }

    private static float[] Weights(QuantizedWeight weight)
    {
        float[] weights = new float[weight.Outputs * weight.Inputs];
        byte[] codes = new byte[weight.Inputs];
        int rowBytes = QuantizedWeight.RowBytes(weight.Inputs, weight.Bits);
        for (int row = 0; row < weight.Outputs; row++)
        {
            CodeOrder.Unpack(new ReadOnlySpan<byte>((byte*)weight.Codes.Data + row * rowBytes, rowBytes), weight.Bits, weight.GroupSize, codes);
            for (int i = 0; i < codes.Length; i++)
            {
                int group = row * weight.GroupCount + i / weight.GroupSize;
                float scale = weight.Scales.Floats[group];
                weights[row * codes.Length + i] = weight.Minima is { } minima ? scale * codes[i] - minima.Floats[group] : scale * (codes[i] - weight.ZeroPoint);
            }
        }
        return weights;
    }
}
