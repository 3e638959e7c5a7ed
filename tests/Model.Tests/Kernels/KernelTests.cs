using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Every fast kernel against the plain torch one, over shapes that fill registers, leave tails, and are smaller than one.</summary>
public sealed class KernelTests
{
    public KernelTests() => TorchLibrary.Load();

    public static TheoryData<string, string> Variants => new()
    {
        { "512", "float32" }, { "512", "bfloat16" }, { "256", "float32" }, { "256", "bfloat16" },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Linear_AnyShape_EqualsPlain(string lanes, string dtype)
    {
        if (!Supported(lanes)) return;
        IKernels fast = Fast(lanes, dtype), plain = new PlainKernels(CPU);
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
    [MemberData(nameof(Variants))]
    public void Linear_RowInAnyBatch_IsBitwiseTheSame(string lanes, string dtype)
    {
        if (!Supported(lanes)) return;
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
    [MemberData(nameof(Variants))]
    public void NormAndSilu_AnyWidth_EqualPlain(string lanes, string dtype)
    {
        if (!Supported(lanes)) return;
        IKernels fast = Fast(lanes, dtype), plain = new PlainKernels(CPU);
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
    [MemberData(nameof(Variants))]
    public void RopeAndAttention_RaggedBatches_EqualPlain(string lanes, string dtype)
    {
        if (!Supported(lanes)) return;
        foreach (AttentionShape shape in new AttentionShape[] { new(4, 4, 16, 4), new(8, 2, 32, 16), new(6, 1, 10, 3), new(4, 2, 64, 8) })
        {
            ForwardBatch batch = RaggedBatch(shape.BlockSize);
            (Matrix expected, KvLayer expectedCache) = Run(new PlainKernels(CPU), batch, shape, Type(dtype));
            (Matrix actual, KvLayer actualCache) = Run(Fast(lanes, dtype), batch, shape, Type(dtype));
            AssertClose(expectedCache.Keys, actualCache.Keys, dtype == "bfloat16" ? 0.02 : 1e-6);
            Assert.True(expectedCache.Values.Tensor.eq(actualCache.Values.Tensor).all().item<bool>());
            AssertClose(expected, actual, dtype == "bfloat16" ? 5e-3 : 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void CopyBlocks_InOrder_EqualsPlain(string lanes, string dtype)
    {
        if (!Supported(lanes)) return;
        AttentionShape shape = new(4, 2, 10, BlockSize: 3);
        ForwardBatch batch = new(1, 3, 1) { CopyCount = 3 };
        (batch.Copies[0], batch.Copies[1], batch.Copies[2]) = (new BlockCopy(1, 4), new BlockCopy(0, 1), new BlockCopy(1, 3)); // 1 is read, overwritten, and read again
        KvLayer expected = new(Random(15, 20, 1, Type(dtype)), Random(15, 20, 2, Type(dtype))), actual = new(Random(15, 20, 1, Type(dtype)), Random(15, 20, 2, Type(dtype)));
        Tensor before = expected.Keys.Tensor.clone();
        new PlainKernels(CPU).CopyBlocks(batch, shape, expected);
        Fast(lanes, dtype).CopyBlocks(batch, shape, actual);
        Assert.True(expected.Keys.Tensor.eq(actual.Keys.Tensor).all().item<bool>());
        Assert.True(expected.Values.Tensor.eq(actual.Values.Tensor).all().item<bool>());
        Assert.True(actual.Keys.Tensor.narrow(0, 12, 3).eq(before.narrow(0, 3, 3)).all().item<bool>());
        Assert.True(actual.Keys.Tensor.narrow(0, 9, 3).eq(before.narrow(0, 0, 3)).all().item<bool>());
        Assert.True(actual.Keys.Tensor.narrow(0, 6, 3).eq(before.narrow(0, 6, 3)).all().item<bool>());
    }

    // Three sequences: a prompt chunk in mid-context, a decode row, and a whole prompt, over blocks in scattered order.
    private static ForwardBatch RaggedBatch(int blockSize)
    {
        (int Computed, int Count)[] sequences = [(5, 7), (18, 1), (0, 4)];
        int blocksPerSequence = (19 + blockSize - 1) / blockSize;
        ForwardBatch batch = new(12, 3, blocksPerSequence) { SequenceCount = 3, TokenCount = 12 };
        for (int s = 0, token = 0; s < 3; s++)
        {
            batch.TokenStarts[s] = token;
            batch.ContextLengths[s] = sequences[s].Computed + sequences[s].Count;
            for (int b = 0; b < blocksPerSequence; b++) batch.BlockTables[s * blocksPerSequence + b] = b * 3 + (s + b) % 3;
            for (int i = 0; i < sequences[s].Count; i++, token++)
            {
                int position = sequences[s].Computed + i;
                batch.Positions[token] = position;
                batch.Slots[token] = batch.BlockTables[s * blocksPerSequence + position / blockSize] * blockSize + position % blockSize;
            }
            batch.TokenStarts[s + 1] = token;
        }
        return batch;
    }

    private static (Matrix Output, KvLayer Cache) Run(IKernels kernels, ForwardBatch batch, AttentionShape shape, ScalarType type)
    {
        int slots = batch.BlockTables.Length * shape.BlockSize, keyColumns = shape.KvHeadCount * shape.HeadDim, queryColumns = shape.HeadCount * shape.HeadDim;
        KvLayer cache = new(Random(slots, keyColumns, 1, type), Random(slots, keyColumns, 2, type));
        float[] inverse = [.. Enumerable.Range(0, shape.HeadDim / 2).Select(i => MathF.Pow(10000, -2f * i / shape.HeadDim))];
        using RopeTable rope = new(new RopeFrequencies(inverse, 1.1f), 32, CPU);
        Matrix queries = Random(batch.TokenCount, queryColumns, 3, ScalarType.Float32), output = Random(batch.TokenCount, queryColumns, 4, ScalarType.Float32);
        kernels.RotateAndStore(queries, Random(batch.TokenCount, keyColumns, 5, ScalarType.Float32), Random(batch.TokenCount, keyColumns, 6, ScalarType.Float32), rope, batch, shape, cache);
        kernels.Attend(queries, batch, shape, cache, output);
        return (output, cache);
    }

    private static bool Supported(string lanes) => lanes == "256" ? System.Runtime.Intrinsics.X86.Avx2.IsSupported : System.Runtime.Intrinsics.X86.Avx512F.IsSupported;

    private static IKernels Fast(string lanes, string dtype) => (lanes, dtype) switch
    {
        ("512", "bfloat16") => new SimdKernels<Lanes512, Bf16>(deterministic: true),
        ("512", _) => new SimdKernels<Lanes512, float>(deterministic: true),
        (_, "bfloat16") => new SimdKernels<Lanes256, Bf16>(deterministic: true),
        _ => new SimdKernels<Lanes256, float>(deterministic: true),
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
        double difference = (expected.Tensor.to(ScalarType.Float32) - actual.Tensor.to(ScalarType.Float32)).abs().max().item<float>();
        Assert.True(difference <= tolerance, $"[{expected.Rows}, {expected.Columns}] differ by {difference:E2}, allowed {tolerance:E2}");
    }
}
