using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Every fast kernel against the plain torch one, over shapes that fill registers, leave tails, and are smaller than one.</summary>
[HoldsTensors]
public sealed class KernelTests
{
    public static TheoryData<string, string> Variants => new()
    {
        { OnAttribute.Lanes512, "float32" }, { OnAttribute.Lanes512, "bfloat16" }, { OnAttribute.Lanes256, "float32" }, { OnAttribute.Lanes256, "bfloat16" }, { OnAttribute.Lanes1, "float32" }, { OnAttribute.Lanes1, "bfloat16" },
    };

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Linear_AnyShape_EqualsPlain(string lanes, string dtype)
    {
        IKernels fast = Fast(lanes, dtype), plain = new PlainKernels();
        foreach ((int rows, int inputs, int outputs) in new[] { (1, 1, 1), (1, 7, 3), (2, 16, 4), (3, 40, 9), (4, 64, 64), (5, 100, 33), (8, 256, 688), (17, 33, 130), (33, 48, 20), (130, 2048, 17) })
        {
            Matrix x = Random(rows, inputs, 1, ScalarType.Float32);
            DenseWeight w = new(Random(outputs, inputs, 2, Type(dtype)));
            Matrix expected = Random(rows, outputs, 3, ScalarType.Float32), actual = Matrix.Of(expected.Tensor.clone());
            plain.Linear(x, [new(w, expected)]);
            fast.Linear(x, [new(w, actual)]);
            AssertClose(expected, actual, 2e-5 * Math.Sqrt(inputs));
            plain.LinearAdd(x, w, expected);
            fast.LinearAdd(x, w, actual);
            AssertClose(expected, actual, 4e-5 * Math.Sqrt(inputs));
        }
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Linear_RowInAnyBatch_IsBitwiseTheSame(string lanes, string dtype)
    {
        IKernels fast = Fast(lanes, dtype);
        Matrix x = Random(70, 259, 1, ScalarType.Float32), all = Random(70, 37, 3, ScalarType.Float32);
        DenseWeight w = new(Random(37, 259, 2, Type(dtype)));
        fast.Linear(x, [new(w, all)]);
        for (int rows = 1; rows <= 70; rows += 3)
        {
            Matrix part = Random(rows, 37, 4, ScalarType.Float32);
            fast.Linear(x.Take(rows), [new(w, part)]);
            Assert.True(part.Tensor.eq(all.Tensor.narrow(0, 0, rows)).all().item<bool>(), $"{rows} rows");
        }
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void NormAndSilu_AnyWidth_EqualPlain(string lanes, string dtype)
    {
        IKernels fast = Fast(lanes, dtype), plain = new PlainKernels();
        foreach (int columns in new[] { 1, 5, 16, 31, 256, 688, 1001 })
        {
            Matrix x = Random(6, columns, 1, ScalarType.Float32), w = Random(1, columns, 2, ScalarType.Float32);
            Matrix expected = Random(6, columns, 3, ScalarType.Float32), actual = Random(6, columns, 4, ScalarType.Float32);
            plain.RmsNorm(x, w, 1e-5f, expected);
            fast.RmsNorm(x, w, 1e-5f, actual);
            AssertClose(expected, actual, 1e-5);
            plain.SiluMultiply(expected, x);
            fast.SiluMultiply(actual, x);
            AssertClose(expected, actual, 1e-4);
        }
    }

    [Fact]
    public void SiluMultiply_ExtremeGates_StaysFinite()
    {
        IKernels fast = SimdKernels.Create(ScalarType.Float32, deterministic: true);
        Matrix gate = Matrix.Of(tensor(Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? -200f : 200f).ToArray(), [1, 40])), up = Matrix.Of(ones(1, 40));
        fast.SiluMultiply(gate, up);
        Assert.True(gate.Tensor.isfinite().all().item<bool>());
        Assert.Equal(200f, gate.Tensor[0, 1].item<float>());
        Assert.Equal(0f, gate.Tensor[0, 0].item<float>(), 1e-6f);
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void EmbedAndTakeRows_AnyWidth_EqualPlain(string lanes, string dtype)
    {
        IKernels fast = Fast(lanes, dtype), plain = new PlainKernels();
        foreach (int columns in new[] { 1, 7, 16, 37, 300 })
        {
            ForwardBatch batch = new(40, 1, 1) { TokenCount = 40 };
            for (int t = 0; t < 40; t++) batch.TokenIds[t] = t * t % 23;
            using DenseWeight table = new(Random(23, columns, 1, Type(dtype)));
            Matrix expected = Random(40, columns, 2, ScalarType.Float32), actual = Random(40, columns, 3, ScalarType.Float32);
            plain.Embed(table, batch, expected);
            fast.Embed(table, batch, actual);
            Assert.True(expected.Tensor.eq(actual.Tensor).all().item<bool>());
            Matrix taken = Random(3, columns, 4, ScalarType.Float32);
            fast.TakeRows(actual, [31, 0, 7], taken);
            Assert.True(taken.Tensor.eq(expected.Tensor.index_select(0, tensor(new long[] { 31, 0, 7 }))).all().item<bool>());
        }
    }

    private static IKernels Fast(string lanes, string dtype) => (lanes, dtype) switch
    {
        (OnAttribute.Lanes512, "bfloat16") => new SimdKernels<Lanes512, Bf16>(deterministic: true, generated: false),
        (OnAttribute.Lanes512, _) => new SimdKernels<Lanes512, float>(deterministic: true, generated: false),
        (OnAttribute.Lanes256, "bfloat16") => new SimdKernels<Lanes256, Bf16>(deterministic: true, generated: false),
        (OnAttribute.Lanes256, _) => new SimdKernels<Lanes256, float>(deterministic: true, generated: false),
        (_, "bfloat16") => new SimdKernels<Lanes1, Bf16>(deterministic: true, generated: false),
        _ => new SimdKernels<Lanes1, float>(deterministic: true, generated: false),
    };

    private static ScalarType Type(string dtype) => dtype == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32;

    private static Matrix Random(int rows, int columns, int seed, ScalarType type)
    {
        Random random = new(seed * 7919 + rows * 31 + columns);
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() * 2 - 1))];
        using Tensor floats = tensor(values, [rows, columns]);
        return Matrix.Of(floats.to(type));
    }

    private static void AssertClose(Matrix expected, Matrix actual, double tolerance)
    {
        double difference = Tensors.Difference(expected.Tensor, actual.Tensor);
        Assert.True(difference <= tolerance, $"[{expected.Rows}, {expected.Columns}] differ by {difference:E2}, allowed {tolerance:E2}");
    }
}
