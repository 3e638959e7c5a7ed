using System.Runtime.Intrinsics.X86;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Kernels on weights in codes: against the plain ones, which widen the whole weight, and those against the layout's formula, code by code.</summary>
[HoldsTensors]
public sealed class QuantizedKernelTests
{
    public static TheoryData<int, int?, bool> Forms
    {
        get
        {
            TheoryData<int, int?, bool> forms = [];
            foreach (int bits in new[] { 8, 4 })
                foreach (int? group in new int?[] { 16, 32, 64, 128, 256, null })
                    foreach (bool hasMinima in new[] { false, true }) forms.Add(bits, group, hasMinima);
            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Widen_AnyForm_FollowsTheFormula(int bits, int? group, bool hasMinima)
    {
        foreach (int inputs in new[] { 1, 15, 64, 100, 200, 257 })
        {
            using QuantizedWeight weight = RandomCodes.Weight(3, inputs, bits, group, hasMinima, seed: 1);
            float[] widened = weight.Widen().data<float>().ToArray(), scales = weight.Scales.Tensor.data<float>().ToArray(), minima = weight.Minima?.Tensor.data<float>().ToArray() ?? [];
            byte[] packed = weight.Codes.Tensor.data<byte>().ToArray(), codes = new byte[inputs];
            for (int o = 0; o < 3; o++)
            {
                CodeOrder.Unpack(packed.AsSpan(o * weight.Codes.Columns, weight.Codes.Columns), bits, weight.GroupSize, codes);
                for (int i = 0; i < inputs; i++)
                {
                    int at = o * weight.GroupCount + i / weight.GroupSize;
                    Assert.Equal(scales[at] * codes[i] - (hasMinima ? minima[at] : scales[at] * weight.ZeroPoint), widened[o * inputs + i], 1e-6f);
                }
            }
            using Tensor some = tensor(new long[] { 2, 0, 2 }), selected = weight.Widen(some), expected = weight.Widen().index_select(0, some);
            Assert.True(selected.eq(expected).all().item<bool>());
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Linear_AnyShape_EqualsPlain(int bits, int? group, bool hasMinima)
    {
        IKernels plain = new PlainKernels();
        foreach (IKernels fast in Fast(deterministic: true).Concat(Fast(deterministic: false)))
            foreach ((int rows, int inputs, int outputs) in new[] { (1, 1, 1), (1, 7, 3), (2, 16, 4), (3, 40, 9), (4, 64, 64), (5, 129, 33), (1, 688, 130), (17, 300, 20), (33, 200, 13), (70, 2100, 5) })
            {
                using QuantizedWeight weight = RandomCodes.Weight(outputs, inputs, bits, group, hasMinima, seed: 2);
                Matrix x = Random(rows, inputs, 1), expected = Random(rows, outputs, 3), actual = Matrix.Of(expected.Tensor.clone());
                plain.Linear(x, [new(weight, expected)]);
                fast.Linear(x, [new(weight, actual)]);
                AssertClose(expected, actual, 2e-6 * Math.Sqrt(inputs));
                plain.LinearAdd(x, weight, expected);
                fast.LinearAdd(x, weight, actual);
                AssertClose(expected, actual, 4e-6 * Math.Sqrt(inputs));
            }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Linear_RowInAnyBatch_IsBitwiseTheSame(int bits, int? group, bool hasMinima)
    {
        using QuantizedWeight weight = RandomCodes.Weight(37, 259, bits, group, hasMinima, seed: 3);
        Matrix x = Random(70, 259, 1), all = Random(70, 37, 3);
        foreach (IKernels fast in Fast(deterministic: true))
        {
            fast.Linear(x, [new(weight, all)]);
            for (int rows = 1; rows <= 70; rows += 3)
            {
                Matrix part = Random(rows, 37, 4);
                fast.Linear(x.Take(rows), [new(weight, part)]);
                Assert.True(part.Tensor.eq(all.Tensor.narrow(0, 0, rows)).all().item<bool>(), $"{rows} rows");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Embed_AnyForm_EqualsPlain(int bits, int? group, bool hasMinima)
    {
        ForwardBatch batch = new(4, 1, 1) { TokenCount = 4 };
        (batch.TokenIds[0], batch.TokenIds[1], batch.TokenIds[2], batch.TokenIds[3]) = (8, 0, 3, 8);
        foreach (int inputs in new[] { 10, 64, 200 })
            foreach (IKernels fast in Fast(deterministic: false))
            {
                using QuantizedWeight table = RandomCodes.Weight(9, inputs, bits, group, hasMinima, seed: 4);
                Matrix expected = Random(4, inputs, 1), actual = Random(4, inputs, 2);
                new PlainKernels().Embed(table, batch, expected);
                fast.Embed(table, batch, actual);
                AssertClose(expected, actual, 1e-6);
            }
    }

    private static IEnumerable<IKernels> Fast(bool deterministic)
    {
        if (Avx512F.IsSupported) yield return new SimdKernels<Lanes512, float>(deterministic, generated: false);
        if (Fma.IsSupported) yield return new SimdKernels<Lanes256, float>(deterministic, generated: false);
        yield return new SimdKernels<Lanes1, float>(deterministic, generated: false);
    }

    private static Matrix Random(int rows, int columns, int seed)
    {
        Random random = new(seed * 7919 + rows * 31 + columns);
        return Matrix.Of(tensor([.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() * 2 - 1))], [rows, columns]));
    }

    private static void AssertClose(Matrix expected, Matrix actual, double tolerance)
    {
        double difference = Tensors.Difference(expected.Tensor, actual.Tensor);
        Assert.True(difference <= tolerance, $"[{expected.Rows}, {expected.Columns}] differ by {difference:E2}, allowed {tolerance:E2}");
    }
}
