using Llama.Model.Sampling;

namespace Llama.Model.Tests.Sampling;

public sealed class SamplerTests
{
    public static TheoryData<int, float> Shapes => new() { { 5, 1 }, { 8, 3 }, { 333, 2 }, { 4096, 0.01f }, { 32000, 2.5f }, { 32000, 6 }, { 128256, 1.5f } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sample_RandomParameters_DrawsWhatTheReferenceDraws(int vocabSize, float spread)
    {
        var random = new Random(vocabSize);
        var sampler = new Sampler(vocabSize);
        for (int round = 0; round < Math.Clamp(200_000 / vocabSize, 4, 200); round++)
        {
            float[] logits = RandomLogits.Normal(random, vocabSize, spread);
            int[] history = [.. Enumerable.Range(0, 20).Select(_ => random.Next(vocabSize))];
            SampleRow row = Row(RandomParams(random, vocabSize), position: round, generated: random.Next(history.Length), history.Length);
            int expected = ReferenceSampler.Draw(logits, row, history);
            Assert.Equal(expected, sampler.Sample(logits, row, history).TokenId);
        }
    }

    [Theory]
    [InlineData(0, 1f, 0f)]
    [InlineData(3, 1f, 0f)]
    [InlineData(0, 0.7f, 0f)]
    [InlineData(0, 1f, 0.2f)]
    [InlineData(7, 0.9f, 0.05f)]
    [InlineData(0, 1f, 0f, 0.6f)]
    [InlineData(9, 0.95f, 0f, 0.8f)]
    public void Sample_OverAllPositions_FollowsTheDistribution(int topK, float topP, float minP, float typicalP = 1)
    {
        const int draws = 20_000;
        float[] logits = RandomLogits.Normal(new Random(3), 12, spread: 1);
        var parameters = new SamplingParams { Temperature = 0.8f, TopK = topK, TopP = topP, MinP = minP, TypicalP = typicalP, Seed = 99 };
        int[] counts = new int[logits.Length];
        for (int position = 0; position < draws; position++) counts[Draw(logits, Row(parameters, position))]++;

        double[] expected = ReferenceSampler.Distribution(logits, Row(parameters), []);
        Assert.All(counts.Zip(expected).Where(pair => pair.Second == 0), pair => Assert.Equal(0, pair.First));
        double chiSquare = counts.Zip(expected).Where(pair => pair.Second > 0)
            .Sum(pair => Math.Pow(pair.First - draws * pair.Second, 2) / (draws * pair.Second));
        Assert.InRange(chiSquare, 0, 31.3); // at most 11 degrees of freedom: exceeded by chance once in a thousand seeds
    }

    [Fact]
    public void Sample_TemperatureTowardsZero_BecomesGreedy()
    {
        float[] logits = RandomLogits.Normal(new Random(1), 1000, spread: 1);
        int greedy = Draw(logits, Row(new SamplingParams { Temperature = 0 }));
        Assert.Equal(Array.IndexOf(logits, logits.Max()), greedy);
        foreach (float temperature in new[] { 1e-3f, 1e-5f, 1e-9f, float.Epsilon })
            Assert.Equal(greedy, Draw(logits, Row(new SamplingParams { Temperature = temperature })));
    }

    [Theory]
    [InlineData(0f, 0)]
    [InlineData(1f, 1)]
    public void Sample_TiesWhenOneIsKept_TakesTheLowestId(float temperature, int topK)
    {
        float[] logits = new float[40];
        logits[17] = logits[18] = logits[39] = 2;
        Assert.Equal(17, Draw(logits, Row(new SamplingParams { Temperature = temperature, TopK = topK })));
    }

    [Fact]
    public void Sample_EqualLogits_TopPKeepsTheFewestThatReachIt()
    {
        var parameters = new SamplingParams { TopP = 0.5f };
        var drawn = Enumerable.Range(0, 200).Select(position => Draw(new float[4], Row(parameters, position))).ToHashSet();
        Assert.Equal([0, 1], drawn.Order());
    }

    [Fact]
    public void Sample_TinyTopP_KeepsTheMostProbable() => Assert.Equal(2, Draw([0, 1, 3, 2], Row(new SamplingParams { TopP = 0 })));

    [Fact]
    public void Sample_TypicalP_MayDropTheMostProbable()
    {
        // Probabilities 0.4 and sixty times 0.01: the entropy is ln 100 · 0.6 + 0.37 = 3.13, from which ln 100 = 4.6 is nearer than −ln 0.4 = 0.92.
        float[] logits = [MathF.Log(40), .. new float[60]];
        var parameters = new SamplingParams { TypicalP = 0.495f };
        Assert.All(Enumerable.Range(0, 200), position => Assert.InRange(Draw(logits, Row(parameters, position)), 1, 50));
    }

    [Fact]
    public void Sample_AllowedTokens_LimitStopTokensToo()
    {
        var parameters = new SamplingParams { Temperature = 0, AllowedTokenIds = [3, 1], StopTokenIds = [2] };
        Assert.Equal(3, Draw([9, 1, 9, 4, 9], Row(parameters)));
        Assert.Equal(2, Draw([9, 1, 9, 4, 9], Row(parameters with { AllowedTokenIds = [1, 2] })));
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "overflowed")]
    public void Sample_BrokenLogit_SaysWhatFailed(float broken, string expected)
    {
        foreach (float temperature in new[] { 0f, 1f })
            for (int place = 0; place < 20; place++)
            {
                float[] logits = new float[20];
                logits[place] = broken;
                var error = Assert.Throws<SamplingException>(() => Draw(logits, Row(new SamplingParams { Temperature = temperature })));
                Assert.Contains(expected, error.Message);
            }
    }

    [Fact]
    public void Sample_AllTokensBanned_SaysSo()
    {
        var parameters = new SamplingParams { StopTokenIds = [0, 1, 2], MinTokens = 1 };
        var error = Assert.Throws<SamplingException>(() => Draw(new float[3], Row(parameters)));
        Assert.Contains("banned", error.Message);
    }

    [Fact]
    public void Sample_ImpossibleTokens_AreNeverDrawn()
    {
        float[] logits = [float.NegativeInfinity, 0, float.NegativeInfinity, 0, float.NegativeInfinity];
        foreach (SamplingParams parameters in new[] { new SamplingParams(), new() { TopK = 4 }, new() { TopP = 0.9999f }, new() { MinP = 0.01f } })
            Assert.All(Enumerable.Range(0, 100), position => Assert.Contains(Draw(logits, Row(parameters, position)), new[] { 1, 3 }));
    }

    [Theory]
    [InlineData(0f, 0, 1f)]
    [InlineData(0.8f, 0, 1f)]
    [InlineData(0.8f, 40, 0.95f)]
    [InlineData(0.8f, 0, 1f, 0.9f)]
    public void Sample_WithoutLogprobs_AllocatesNothing(float temperature, int topK, float topP, float typicalP = 1)
    {
        const int vocabSize = 4096;
        var sampler = new Sampler(vocabSize);
        float[] logits = RandomLogits.Normal(new Random(2), vocabSize, 2), work = new float[vocabSize];
        int[] history = [1, 2, 3, 2], allowed = [.. Enumerable.Range(0, 2000)];
        var parameters = new SamplingParams { Temperature = temperature, TopK = topK, TopP = topP, TypicalP = typicalP, AllowedTokenIds = allowed, PresencePenalty = 1, LogitBias = [new(4, 1)], StopTokenIds = [2], MinTokens = 9 };
        for (int warm = 0; warm < 3; warm++) Draws(50);
        Assert.Equal(0, Enumerable.Range(0, 3).Min(_ => Draws(50))); // the runtime may allocate once, as when it compiles a method anew; what a draw allocates is in each of them

        long Draws(int count)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                logits.CopyTo(work, 0);
                sampler.Sample(work, Row(parameters, i, generated: 2, historyLength: 4), history);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    internal static SampleRow Row(SamplingParams parameters, int position = 0, int generated = 0, int historyLength = 0) =>
        new(TokenRow: 0, position, generated, HistoryStart: 0, historyLength, parameters);

    private static int Draw(float[] logits, SampleRow row) => new Sampler(logits.Length).Sample([.. logits], row, []).TokenId;

    internal static SamplingParams RandomParams(Random random, int vocabSize) => new()
    {
        Temperature = random.Next(6) == 0 ? 0 : 0.2f + 2 * random.NextSingle(),
        TopK = random.Next(2) * random.Next(1, random.Next(2) == 0 ? 50 : 2 * vocabSize),
        TopP = random.Next(2) == 0 ? 1 : random.NextSingle(),
        MinP = random.Next(3) == 0 ? 0.2f * random.NextSingle() : 0,
        TypicalP = random.Next(2) == 0 ? 1 : random.NextSingle(),
        AllowedTokenIds = random.Next(4) > 0 ? null : [.. Enumerable.Range(0, vocabSize).Where(token => token < 4 || random.Next(2) == 0)],
        PresencePenalty = random.Next(2) * 2 * random.NextSingle(),
        FrequencyPenalty = random.Next(2) * 2 * random.NextSingle(),
        RepetitionPenalty = random.Next(2) == 0 ? 1 : 0.8f + random.NextSingle(),
        LogitBias = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new TokenBias(random.Next(vocabSize), 10 * random.NextSingle() - 5))],
        StopTokenIds = [2, 3],
        MinTokens = random.Next(2) * 10,
        Seed = (ulong)random.NextInt64(),
    };
}
