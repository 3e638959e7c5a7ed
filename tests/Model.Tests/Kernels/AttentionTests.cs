using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Kernels.Simd.Attention;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>What reads and writes the paged cache: against the plain kernels over shapes, and the law that a token's result depends on nothing but its own context.</summary>
[HoldsTensors]
public sealed class AttentionTests
{
    private static readonly AttentionShape[] Shapes =
    [
        new(4, 4, 16, 4), new(8, 2, 32, 16), new(6, 1, 10, 3), new(16, 2, 64, 16), new(4, 2, 64, 1), new(4, 4, 128, 32), new(7, 1, 80, 16), new(10, 2, 6, 5),
    ];

    public static TheoryData<string, ScalarType> Variants
    {
        get
        {
            TheoryData<string, ScalarType> variants = [];
            foreach (string lanes in new[] { OnAttribute.Lanes512, OnAttribute.Lanes256, OnAttribute.Lanes1 })
                foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Int8 }) variants.Add(lanes, dtype);
            variants.Add(OnAttribute.Generated, ScalarType.BFloat16);
            variants.Add(OnAttribute.Tiles, ScalarType.BFloat16);
            return variants;
        }
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1), On(OnAttribute.Generated), On(OnAttribute.Tiles)]
    public void Attend_RaggedBatches_EqualsPlain(string lanes, ScalarType dtype)
    {
        foreach (AttentionShape shape in Shapes)
        {
            IKernels fast = Fast(lanes), plain = new PlainKernels();
            using PagedBatch sequences = new(plain, shape, dtype, [150, 1, 300, 40], seed: 1);
            foreach ((int, int, int)[] chunks in new (int, int, int)[][] { [(0, 0, 150), (1, 0, 1), (2, 299, 1), (3, 17, 20)], [(2, 120, 180), (3, 39, 1)], [(2, 299, 1)], [(0, 149, 1), (2, 127, 2), (3, 0, 40)] })
            {
                ForwardBatch batch = sequences.Batch(chunks);
                using Matrix expected = sequences.Attend(plain, batch), actual = sequences.Attend(fast, batch);
                double difference = Tensors.Difference(expected.Tensor, actual.Tensor);
                Assert.True(difference < (lanes is OnAttribute.Generated or OnAttribute.Tiles ? 1e-2 : 2e-5), $"{shape}: {difference:E2}");
            }
        }
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1), On(OnAttribute.Generated), On(OnAttribute.Tiles)]
    public void Attend_AnyCutBatchThreadsAndBlocks_IsBitwiseTheSame(string lanes, ScalarType dtype)
    {
        foreach (AttentionShape shape in Shapes)
        {
            IKernels kernels = Fast(lanes);
            using PagedBatch sequences = new(kernels, shape, dtype, [290, 61], seed: 1), moved = new(kernels, shape with { BlockSize = 7 }, dtype, [290, 61], seed: 2);
            using Matrix whole = sequences.Attend(kernels, sequences.Batch((0, 0, 290)));
            foreach (PagedBatch cache in new[] { sequences, moved })
                foreach (int threads in new[] { 1, 2, 5 })
                    foreach ((int first, int count) in new[] { (289, 1), (0, 1), (130, 1), (255, 2), (100, 160), (283, 7) })
                    {
                        ForwardBatch alone = cache.Batch((0, first, count)), beside = cache.Batch((1, 3, 58), (0, first, count));
                        using Matrix one = cache.Attend(Fast(lanes, threads), alone), two = cache.Attend(Fast(lanes, threads), beside);
                        Tensor expected = whole.Tensor.narrow(0, first, count);
                        Assert.True(one.Tensor.eq(expected).all().item<bool>(), $"{shape}, {threads} threads, {count} from {first}");
                        Assert.True(two.Tensor.narrow(0, 58, count).eq(expected).all().item<bool>(), $"{shape}, {threads} threads, {count} from {first} beside another");
                    }
        }
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Generated), On(OnAttribute.Tiles)]
    public void Attend_WhereNotAllThatIsLongCanBeCut_IsBitwiseTheSame(string lanes, ScalarType dtype)
    {
        AttentionShape shape = new(4, 4, 16, 16);
        using PagedBatch sequences = new(Fast(lanes), shape, dtype, [4000], seed: 1);
        ForwardBatch batch = sequences.Batch((0, 3360, 640));
        AttentionPlan plan = new();
        plan.Build(batch, shape, threads: 5);
        Assert.Equal([false, true], IsSplit(plan).Distinct().Order());
        using Matrix expected = sequences.Attend(Fast(lanes, threads: 1), batch), actual = sequences.Attend(Fast(lanes, threads: 5), batch);
        Assert.True(expected.Tensor.eq(actual.Tensor).all().item<bool>());
    }

    [Theory]
    [InlineData(1, 4000)]
    [InlineData(5, 4000)]
    [InlineData(64, 200)]
    [InlineData(64, 130_000)]
    public void Plan_OfAnyContextAndThreads_ReadsEachSpanOnceAndKeepsFewStates(int threads, int context)
    {
        AttentionShape shape = new(32, 8, 128, 16);
        ForwardBatch batch = new(maxTokens: 170, maxSequences: 3, maxBlocksPerSequence: 1) { SequenceCount = 3 };
        foreach ((int count, int end) in new[] { (160, context), (1, context), (9, 9) })
        {
            int row = batch.ContextLengths.AsSpan().IndexOf(0);
            batch.ContextLengths[row] = end;
            for (int i = 0; i < count; i++) batch.Positions[batch.TokenCount++] = end - count + i;
            batch.TokenStarts[row + 1] = batch.TokenCount;
        }
        AttentionPlan plan = new();
        plan.Build(batch, shape, threads);
        Assert.InRange(plan.StateRows, 0, threads * 8192);
        Assert.Equal(Spans(plan, all: true).Order(), Spans(plan, all: false).Order());
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1), On(OnAttribute.Generated), On(OnAttribute.Tiles)]
    public void RotateAndStore_AnyShape_EqualsPlain(string lanes, ScalarType dtype)
    {
        foreach (AttentionShape shape in Shapes)
        {
            using PagedBatch expected = new(new PlainKernels(), shape, dtype, [33, 5], seed: 1), actual = new(Fast(lanes), shape, dtype, [33, 5], seed: 1);
            Tensor slots = tensor(expected.Batch((0, 0, 33)).Slots.Select(slot => (long)slot).ToArray());
            // One unit of the last place apart where the rounding of the rotation decides; codes are 1/127 of the largest, at most 1.6.
            double tolerance = dtype switch { ScalarType.Float32 => 1e-6, ScalarType.BFloat16 => 0.008, _ => 0.013 };
            AssertClose(PlainCache.LoadKeys(expected.Cache, slots, shape), PlainCache.LoadKeys(actual.Cache, slots, shape), tolerance);
            AssertClose(PlainCache.LoadValues(expected.Cache, slots, shape), PlainCache.LoadValues(actual.Cache, slots, shape), dtype == ScalarType.Int8 ? 1e-6 : 0);
        }
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1), On(OnAttribute.Generated), On(OnAttribute.Tiles)]
    public void CopyBlocks_InOrder_EqualsPlain(string lanes, ScalarType dtype)
    {
        AttentionShape shape = new(4, 2, 10, BlockSize: 3);
        using PagedBatch expected = new(new PlainKernels(), shape, dtype, [14], seed: 1), actual = new(new PlainKernels(), shape, dtype, [14], seed: 1);
        ForwardBatch batch = new(1, 3, 1) { CopyCount = 3 };
        (batch.Copies[0], batch.Copies[1], batch.Copies[2]) = (new BlockCopy(1, 4), new BlockCopy(0, 1), new BlockCopy(1, 3)); // 1 is read, overwritten, and read again
        using Tensor before = expected.Cache.Keys.Tensor.clone();
        new PlainKernels().CopyBlocks(batch, shape, expected.Cache);
        Fast(lanes).CopyBlocks(batch, shape, actual.Cache);
        Assert.True(Same(expected.Cache.Keys, actual.Cache.Keys) && Same(expected.Cache.Values, actual.Cache.Values));
        if (dtype == ScalarType.Int8) Assert.True(Same(expected.Cache.KeyScales!, actual.Cache.KeyScales!) && Same(expected.Cache.ValueScales!, actual.Cache.ValueScales!));
        foreach ((int block, int was) in new[] { (4, 1), (1, 0), (3, 0), (2, 2) }) Assert.True(actual.Cache.Keys.Tensor[block].nan_to_num(7).eq(before[was].nan_to_num(7)).all().item<bool>());
    }

    [Theory]
    [On(OnAttribute.Lanes512), On(OnAttribute.Lanes256), On(OnAttribute.Lanes1)]
    public void Exp_WholeRange_IsWithinTwoUnitsInTheLastPlace(string lanes)
    {
        for (float x = -87; x < 88; x += 0.0037f)
        {
            float exact = (float)Math.Exp(x), actual = lanes switch { OnAttribute.Lanes512 => Exp<Lanes512>(x), OnAttribute.Lanes256 => Exp<Lanes256>(x), _ => Exp<Lanes1>(x) };
            Assert.True(Math.Abs(actual - exact) <= 2 * (MathF.BitIncrement(exact) - exact), $"e^{x} is {exact}, not {actual}");
        }
        Assert.Equal(1, Exp<Lanes1>(0));
    }

    private static float Exp<TLanes>(float x) where TLanes : struct, ILanes<TLanes> => TLanes.Max(Lanes.Exp(TLanes.All(x)));

    private static bool Same(Matrix one, Matrix other) => one.Tensor.nan_to_num(7).eq(other.Tensor.nan_to_num(7)).all().item<bool>();

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        double difference = Tensors.Difference(expected, actual);
        Assert.True(difference <= tolerance, $"differ by {difference:E2}, allowed {tolerance:E2}");
    }

    private static unsafe bool[] IsSplit(AttentionPlan plan) => [.. Enumerable.Range(0, plan.ItemCount).Select(i => plan.Items[i].Span >= 0)];

    // Of the tiles that items name, or one by one as the items have them.
    private static unsafe List<(int, int)> Spans(AttentionPlan plan, bool all)
    {
        List<(int, int)> spans = [];
        for (int i = 0; i < plan.ItemCount; i++)
        {
            (int tile, int span) = plan.Items[i];
            if (span < 0 || (all && span == 0)) spans.AddRange(Enumerable.Range(0, plan.Tiles[tile].SpanCount).Select(one => (tile, one)));
            else if (!all) spans.Add((tile, span));
        }
        return spans;
    }

    private static IKernels Fast(string lanes, int threads = 2) => lanes switch
    {
        OnAttribute.Generated => new SimdKernels<Lanes512, Bf16>(deterministic: true, threads, onTiles: false),
        OnAttribute.Tiles => new SimdKernels<Lanes512, Bf16>(deterministic: true, threads),
        OnAttribute.Lanes512 => new SimdKernels<Lanes512, float>(deterministic: true, threads),
        OnAttribute.Lanes256 => new SimdKernels<Lanes256, float>(deterministic: true, threads),
        _ => new SimdKernels<Lanes1, float>(deterministic: true, threads),
    };
}
