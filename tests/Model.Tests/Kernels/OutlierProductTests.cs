using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Products with outliers split off, on every kind of kernel: against the plain ones, row by row, whatever room there is for columns; and what the scheme is for.</summary>
[HoldsTensors]
public sealed class OutlierProductTests
{
    private static readonly QuantizationType Type = new(8, null, IsSymmetric: true, SplitsOutliers: true);

    public static TheoryData<string> Variants => [OnAttribute.Generated, OnAttribute.Lanes512, OnAttribute.Lanes256, OnAttribute.Lanes1];

    [Theory]
    [On(OnAttribute.Generated), On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Linear_AnyShapeAndShareOfOutliers_EqualsPlain(string variant)
    {
        IKernels plain = new PlainKernels();
        foreach (IKernels fast in (IKernels[])[Fast(variant, deterministic: true), Fast(variant, deterministic: false)])
            foreach ((int rows, int inputs, int outputs, double share) in new[] { (1, 1, 1, 1.0), (1, 7, 3, 0.5), (2, 64, 16, 0), (3, 40, 9, 0.1), (5, 100, 33, 1), (8, 256, 688, 0.02), (17, 300, 70, 0.3), (33, 200, 13, 0.05), (130, 704, 48, 0.01) })
            {
                using OutlierWeight weight = Weight(outputs, inputs);
                Matrix x = Input(rows, inputs, share, size: 20, seed: 1), expected = Random(rows, outputs, 3), actual = Matrix.Of(expected.Tensor.clone());
                plain.Linear(x, [new(weight, expected)]);
                fast.Linear(x, [new(weight, actual)]);
                AssertClose(expected, actual, variant, $"{rows} × {inputs} → {outputs}, {share:P0}");
                plain.LinearAdd(x, weight, expected);
                fast.LinearAdd(x, weight, actual);
                AssertClose(expected, actual, variant, $"{rows} × {inputs} → {outputs}, {share:P0}, added");
            }
    }

    [Theory]
    [On(OnAttribute.Generated), On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Linear_RowInAnyBatch_IsBitwiseTheSame(string variant)
    {
        using OutlierWeight weight = Weight(37, 320), narrow = Weight(37, 320, most: 3);
        IKernels fast = Fast(variant, deterministic: true);
        Matrix x = Input(70, 320, 0.03, size: 50, seed: 1), all = Random(70, 37, 3);
        fast.Linear(x, [new(weight, all)]);
        for (int rows = 1; rows <= 70; rows += 3)
            foreach (OutlierWeight either in (OutlierWeight[])[weight, narrow])
            {
                Matrix part = Random(rows, 37, 4);
                fast.Linear(x.Take(rows), [new(either, part)]);
                Assert.True(part.Tensor.eq(all.Tensor.narrow(0, 0, rows)).all().item<bool>(), $"{rows} rows");
            }
    }

    [Theory]
    [On(OnAttribute.Generated), On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Linear_AnyProjections_LeaveTheInputAsItWas(string variant)
    {
        using OutlierWeight first = Weight(48, 192), second = Weight(16, 192, seed: 5);
        Matrix x = Input(9, 192, 0.05, size: 30, seed: 2), before = Matrix.Of(x.Tensor.clone());
        Matrix[] expected = [Random(9, 48, 1), Random(9, 16, 2)], actual = [Random(9, 48, 3), Random(9, 16, 4)];
        new PlainKernels().Linear(x, [new(first, expected[0]), new(second, expected[1])]);
        Fast(variant, deterministic: false).Linear(x, [new(first, actual[0]), new(second, actual[1])]);
        Assert.True(x.Tensor.eq(before.Tensor).all().item<bool>());
        AssertClose(expected[0], actual[0], variant, "first");
        AssertClose(expected[1], actual[1], variant, "second");
    }

    [Theory]
    [On(OnAttribute.Generated), On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Linear_RowOfNoNumbers_StaysSoAndDisturbsNoOther(string variant)
    {
        using OutlierWeight weight = Weight(20, 128);
        Matrix x = Input(3, 128, 0.05, size: 30, seed: 2), expected = Random(3, 20, 1), actual = Random(3, 20, 2);
        x.Tensor[0, 5] = float.NaN;
        x.Tensor[1, 9] = float.NegativeInfinity;
        new PlainKernels().Linear(x, [new(weight, expected)]);
        Fast(variant, deterministic: true).Linear(x, [new(weight, actual)]);
        Assert.False(actual.Tensor.narrow(0, 0, 2).isfinite().any().item<bool>());
        AssertClose(Matrix.Of(expected.Tensor[2..3].clone()), Matrix.Of(actual.Tensor[2..3].clone()), variant, "the other row");
    }

    /// <summary>What the scheme is for: a feature of size A is worth A times a weight's rounding in int8, and its own rounding to bfloat16 here.</summary>
    [Theory]
    [On(OnAttribute.Generated), On(OnAttribute.Lanes512), InlineData("plain")]
    public void Linear_PlantedOutliers_KeepABoundThatInt8Breaks(string variant)
    {
        IKernels kernels = variant == "plain" ? new PlainKernels() : Fast(variant, deterministic: true);
        const int rows = 4, inputs = 512, outputs = 256;
        foreach (float size in new[] { 60f, 600f })
        {
            using OutlierWeight weight = Weight(outputs, inputs);
            using Tensor exact = Original(outputs, inputs);
            Matrix x = Planted(rows, inputs, size), split = Random(rows, outputs, 1), whole = Random(rows, outputs, 2);
            using Tensor expected = mm(x.Tensor, exact.t()), rest = mm(x.Tensor.masked_fill(x.Tensor.abs() >= 6, 0), exact.t());
            kernels.Linear(x, [new(weight, split)]);
            kernels.Linear(x, [new(weight.Codes, whole)]);
            double bound = 0.02 * Size(rest); // of what the ordinary inputs contribute, in which alone 8 bits may be felt
            Assert.InRange(Size(split.Tensor - expected), 0, bound);
            Assert.True(Size(whole.Tensor - expected) > bound * size / 40, $"int8 errs by {Size(whole.Tensor - expected):E2}, allowed {bound:E2}");
        }
    }

    [Theory]
    [On(OnAttribute.Generated), On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Linear_Warm_AllocatesNothing(string variant)
    {
        using OutlierWeight weight = Weight(64, 256);
        IKernels fast = Fast(variant, deterministic: true);
        Matrix x = Input(4, 256, 0.01, size: 30, seed: 1), output = Random(4, 64, 2); // in fewer columns than there is room for
        for (int i = 0; i < 3; i++) fast.LinearAdd(x, weight, output);
        long least = long.MaxValue; // the runtime may allocate once, what a product allocates is in each stretch
        for (int stretch = 0; stretch < 4; stretch++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 25; i++) fast.LinearAdd(x, weight, output);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    [Fact]
    public void Embed_TableWithColumns_ReadsItsCodes()
    {
        using OutlierWeight table = Weight(9, 100);
        ForwardBatch batch = new(3, 1, 1) { TokenCount = 3 };
        (batch.TokenIds[0], batch.TokenIds[1], batch.TokenIds[2]) = (8, 0, 8);
        Matrix expected = Random(3, 100, 1), actual = Random(3, 100, 2);
        new PlainKernels().Embed(table, batch, expected);
        SimdKernels.Create(ScalarType.BFloat16, deterministic: false).Embed(table, batch, actual);
        Assert.True(Tensors.Difference(expected.Tensor, actual.Tensor) < 1e-6);
    }

    private static IKernels Fast(string variant, bool deterministic) => variant switch
    {
        OnAttribute.Generated => new SimdKernels<Lanes512, Bf16>(deterministic),
        OnAttribute.Lanes512 => new SimdKernels<Lanes512, Bf16>(deterministic, generated: false),
        OnAttribute.Lanes256 => new SimdKernels<Lanes256, Bf16>(deterministic, generated: false),
        _ => new SimdKernels<Lanes1, Bf16>(deterministic, generated: false),
    };

    private static Tensor Original(int outputs, int inputs, int seed = 2) => Random(outputs, inputs, seed).Tensor.to(ScalarType.BFloat16).to(ScalarType.Float32) / 8;

    private static OutlierWeight Weight(int outputs, int inputs, int seed = 2, int? most = null)
    {
        Tensor values = Original(outputs, inputs, seed).to(ScalarType.BFloat16);
        return new OutlierWeight(WeightQuantizer.Run(Matrix.Of(values), Type, "w"), new GatheredColumns(new OneWeight(values), "w", outputs, inputs, most), OutlierWeight.DefaultThreshold);
    }

    // Elements below the threshold, and among them a share of up to so large ones at random.
    private static Matrix Input(int rows, int inputs, double share, float size, int seed)
    {
        Random random = new(seed);
        Matrix input = Random(rows, inputs, seed);
        float[] values = [.. input.Tensor.data<float>().Select(value => random.NextDouble() < share ? (value < 0 ? -6 : 6) + value * size : value * 5.9f)];
        return Matrix.Of(tensor(values, [rows, inputs]));
    }

    // Ordinary inputs, and a few features that are large in every row: as in the paper.
    private static Matrix Planted(int rows, int inputs, float size)
    {
        Matrix input = Random(rows, inputs, 7);
        foreach (int column in new[] { 3, 64, 65, 200, 311, 500 }) input.Tensor[.., column] *= size;
        foreach (int column in new[] { 3, 64, 65, 200, 311, 500 }) input.Tensor[.., column] += size;
        return input;
    }

    private static Matrix Random(int rows, int columns, int seed)
    {
        Random random = new(seed * 7919 + rows * 31 + columns);
        return Matrix.Of(tensor([.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() * 2 - 1))], [rows, columns]));
    }

    private static double Size(Tensor values) => values.square().mean().sqrt().item<float>();

    // Inputs are rounded to a 32,512th of a row's largest or to bfloat16, five times which thousands of outputs may differ by.
    private static void AssertClose(Matrix expected, Matrix actual, string variant, string what)
    {
        double worst = Tensors.Difference(expected.Tensor, actual.Tensor), allowed = (variant == "generated" ? 2.5e-2 : 1e-5) * Math.Max(Size(expected.Tensor), 1e-2);
        Assert.True(worst <= allowed, $"{what}: differs by {worst:E2}, allowed {allowed:E2}");
    }

    /// <summary>A source of one weight.</summary>
    private sealed class OneWeight(Tensor values) : IWeightSource
    {
        public LlamaConfig Config => throw new NotSupportedException();

        public Matrix Norm(string name) => throw new NotSupportedException();

        public Weight Weight(string name) => new DenseWeight(Matrix.Of(values.alias()));

        public long? CodeBytes(string name, bool isHost) => null;

        public void Dispose() => values.Dispose();
    }
}
