using System.Diagnostics;
using Llama.Model.Guidance;
using Llama.Model.Sampling;
using Llama.Tests.Shared;
using Xunit.Abstractions;

namespace Llama.Model.Tests.Sampling;

public sealed class TokenMaskTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(333)]
    [InlineData(4096)]
    [InlineData(32001)]
    public void Apply_AnyBitset_LeavesTheAllowedLogitsAndNoOthers(int vocabSize)
    {
        var random = new Random(vocabSize);
        foreach (double share in new[] { 0.01, 0.5, 0.99, 1 })
        {
            BitsetGuide guide = BitsetGuide.Random(random, vocabSize, share);
            float[] logits = RandomLogits.Normal(random, vocabSize, 2);
            float[] expected = [.. logits.Select((logit, token) => guide.Allows(token) ? logit : float.NegativeInfinity)];
            TokenMask mask = new(vocabSize);
            mask.Take(guide, []);
            mask.Apply(logits);
            Assert.Equal(expected, logits);
        }
    }

    [Theory]
    [InlineData(true, 0, true)]
    [InlineData(false, 0, false)]
    [InlineData(true, 1, false)] // one token must come first
    public void Sample_StopToken_IsAllowedWhereTheOutputMayEnd(bool mayEnd, int minTokens, bool isDrawn)
    {
        BitsetGuide guide = new(100, [7]) { MayEnd = mayEnd };
        float[] logits = new float[100];
        logits[2] = 5;
        var parameters = new SamplingParams { Temperature = 0, StopTokenIds = [2], MinTokens = minTokens };
        Assert.Equal(isDrawn ? 2 : 7, Draw(logits, parameters, guide));
    }

    [Fact]
    public void Sample_BitsetShorterThanTheLogits_BansTheRest()
    {
        float[] logits = [.. Enumerable.Range(0, 130).Select(i => (float)i)];
        Assert.Equal(9, Draw(logits, SamplingParams.Greedy, new BitsetGuide(64, [4, 9])));
    }

    [Fact]
    public void Sample_GuideAllowsNothingOrThrows_FaultsThatRowAlone()
    {
        var batch = new ForwardBatch(3, 3, 1) { SampleCount = 3 };
        batch.Samples[0] = Row(SamplingParams.Greedy, new BitsetGuide(3, []));
        batch.Samples[1] = Row(SamplingParams.Greedy, new BitsetGuide(3, []) { Throws = true });
        batch.Samples[2] = Row(SamplingParams.Greedy, new BitsetGuide(3, [1, 2]));
        SampledToken[] sampled = new SampledToken[3];
        StepSamplerTests.Sample(batch, new float[9], sampled);
        Assert.IsType<SamplingException>(sampled[0].Fault);
        Assert.IsType<NotSupportedException>(sampled[1].Fault);
        Assert.Equal(new SampledToken(1, 0, null), sampled[2]);
    }

    [Fact]
    public void Apply_Warm_AllocatesNothing()
    {
        const int vocabSize = 32_000, rounds = 5_000;
        var mask = new TokenMask(vocabSize);
        BitsetGuide guide = BitsetGuide.Random(new Random(1), vocabSize, 0.5);
        int[] stopTokens = [2];
        float[] logits = RandomLogits.Normal(new Random(2), vocabSize, 2);
        Apply();
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(0, Allocated.InStretch(Apply));
        output.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalMicroseconds / (rounds * Allocated.Stretches):F1} µs for {vocabSize} logits");

        void Apply()
        {
            for (int i = 0; i < rounds; i++)
            {
                mask.Take(guide, stopTokens);
                mask.Apply(logits);
            }
        }
    }

    private static int Draw(float[] logits, SamplingParams parameters, BitsetGuide guide)
    {
        var batch = new ForwardBatch(1, 1, 1) { SampleCount = 1 };
        batch.Samples[0] = Row(parameters, guide);
        SampledToken[] sampled = new SampledToken[1];
        StepSamplerTests.Sample(batch, logits, sampled);
        return sampled[0].TokenId;
    }

    private static SampleRow Row(SamplingParams parameters, ITokenGuide guide) => SamplerTests.Row(parameters) with { Guide = guide };

    private sealed class BitsetGuide : ITokenGuide
    {
        private readonly ulong[] _allowed;

        public BitsetGuide(int vocabSize, IEnumerable<int> tokens)
        {
            _allowed = new ulong[(vocabSize + 63) / 64];
            foreach (int token in tokens) _allowed[token / 64] |= 1ul << (token % 64);
        }

        public bool Throws { get; init; }

        public bool IsComplete => false;

        public bool MayEnd { get; init; }

        public ReadOnlySpan<ulong> Allowed => Throws ? throw new NotSupportedException() : _allowed;

        public static BitsetGuide Random(Random random, int vocabSize, double share) =>
            new(vocabSize, Enumerable.Range(0, vocabSize).Where(_ => random.NextDouble() < share));

        public bool Allows(int token) => (_allowed[token / 64] >> (token % 64) & 1) != 0;

        public bool TryForce(out int token) => throw new NotSupportedException();

        public void Accept(int token) => throw new NotSupportedException();
    }
}
