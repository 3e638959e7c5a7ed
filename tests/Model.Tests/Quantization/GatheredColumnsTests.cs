using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Quantization;

/// <summary>Columns gathered when they are asked for: whatever was asked before and however few are kept, each is the weight's own, rounded once.</summary>
[HoldsTensors]
public sealed unsafe class GatheredColumnsTests
{
    private const int Outputs = 50, Inputs = 40;

    [Theory]
    [InlineData(ScalarType.BFloat16, 1)]
    [InlineData(ScalarType.Float16, 7)]
    [InlineData(ScalarType.Float32, 39)]
    [InlineData(ScalarType.BFloat16, null)]
    public void Bring_AnyAsksInAnyRoom_AreTheColumns(ScalarType dtype, int? most)
    {
        Random random = new(dtype.GetHashCode() + most ?? 0);
        using Source source = new(Values(random).to(dtype));
        using GatheredColumns columns = new(source, "w", Outputs, Inputs, most);
        using Tensor expected = source.Values.to(ScalarType.BFloat16).to(ScalarType.Float32);
        nint* addresses = stackalloc nint[Inputs];
        for (int ask = 0; ask < 200; ask++)
        {
            int[] wanted = [.. Enumerable.Range(0, Inputs).Where(_ => random.Next(8) == 0)];
            for (int done = 0; done < wanted.Length;)
            {
                int count = columns.Bring(wanted.AsSpan(done), addresses);
                Assert.InRange(count, 1, Math.Min(most ?? Inputs, wanted.Length - done));
                for (int i = 0; i < count; i++, done++) Assert.Equal(expected[.., wanted[done]].data<float>().ToArray(), Widened(addresses[i]));
            }
        }
        Assert.True(columns.Widen().eq(expected).all().item<bool>());
    }

    [Fact]
    public void Bring_ColumnsThatAreAskedForOften_AreGatheredOnce()
    {
        using Source source = new(Values(new Random(1)));
        using GatheredColumns columns = new(source, "w", Outputs, Inputs, most: 4);
        nint* addresses = stackalloc nint[Inputs];
        columns.Bring([3, 8], addresses);
        for (int other = 10; other < Inputs; other++) // passing through the two places that are left
        {
            columns.Bring([3, 8], addresses);
            columns.Bring([other], addresses);
        }
        Assert.Equal(1 + Inputs - 10, source.OpenedCount);
    }

    // A weight that is small is kept whole; else an eighth of its columns, or a mebibyte of them, or sixteen, whatever is most.
    [Theory]
    [InlineData(50, 40, 40)]
    [InlineData(4096, 200, 128)]
    [InlineData(40_000, 30, 16)]
    [InlineData(40_000, 144, 18)]
    public void Bring_AllColumnsAtOnce_BringsAsManyAsAreKept(int outputs, int inputs, int kept)
    {
        using Source source = new(zeros(outputs, inputs, dtype: ScalarType.BFloat16));
        using GatheredColumns columns = new(source, "w", outputs, inputs);
        nint* addresses = stackalloc nint[inputs];
        Assert.Equal(kept, columns.Bring([.. Enumerable.Range(0, inputs)], addresses));
        Assert.Equal(kept, columns.Bring([.. Enumerable.Range(0, kept)], addresses));
        Assert.Equal(1, source.OpenedCount);
    }

    private static Tensor Values(Random random) => tensor([.. Enumerable.Range(0, Outputs * Inputs).Select(_ => (float)(random.NextDouble() * 2 - 1))], [Outputs, Inputs]);

    private static float[] Widened(nint column)
    {
        float[] widened = new float[Outputs];
        FloatConversion.FromBFloat16(new ReadOnlySpan<ushort>((void*)column, Outputs), widened);
        return widened;
    }

    /// <summary>A source of one weight, which counts how often it is opened.</summary>
    private sealed class Source(Tensor values) : IWeightSource
    {
        public Tensor Values => values;

        public int OpenedCount { get; private set; }

        public LlamaConfig Config => throw new NotSupportedException();

        public Matrix Norm(string name) => throw new NotSupportedException();

        public Weight Weight(string name)
        {
            OpenedCount++;
            return new DenseWeight(Matrix.Of(values.alias()));
        }

        public long? CodeBytes(string name, bool isHost) => null;

        public void Dispose() => values.Dispose();
    }
}
