using Llama.Model.Sampling;

namespace Llama.Model.Tests.Sampling;

public sealed class LogprobsTests
{
    [Theory]
    [InlineData(7, 1f)]
    [InlineData(1000, 3f)]
    [InlineData(32000, 0.5f)]
    [InlineData(32000, 8f)]
    public void Top_RandomLogits_AreTheBestOfTheReferenceInOrder(int vocabSize, float spread)
    {
        float[] logits = RandomLogits.Normal(new Random(vocabSize), vocabSize, spread);
        double[] expected = ReferenceSampler.LogSoftmax(logits);
        SampledToken sampled = Sample(logits, new SamplingParams { TopLogprobs = 20, Seed = 5 });

        int[] best = [.. Enumerable.Range(0, vocabSize).OrderByDescending(token => expected[token]).ThenBy(token => token).Take(20)];
        Assert.Equal(best, sampled.Top!.Select(top => top.TokenId));
        Assert.All(sampled.Top!, top => Assert.Equal(expected[top.TokenId], top.Logprob, 1e-5));
        Assert.Equal(expected[sampled.TokenId], sampled.Logprob, 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(32000)]
    public void RankOf_Any_IsOneMoreThanThereAreLargerLogits(int vocabSize)
    {
        float[] logits = [.. RandomLogits.Normal(new Random(vocabSize), vocabSize, 2).Select(logit => MathF.Round(logit, 2))]; // rounded, so that many are equal
        logits[vocabSize / 2] = float.NegativeInfinity;
        logits[0] = 1;
        Logprobs logprobs = new(vocabSize);
        logprobs.Set(logits);
        for (int token = 0; token < vocabSize; token += 1 + (vocabSize / 50)) Assert.Equal(1 + logits.Count(logit => logit > logits[token]), logprobs.RankOf(token));
        Assert.Equal(vocabSize, logprobs.RankOf(vocabSize / 2));
    }

    [Fact]
    public void Top_OfTheWholeVocabulary_SumsToOne()
    {
        float[] logits = RandomLogits.Normal(new Random(4), 50, 2);
        Assert.Equal(1, Sample(logits, new SamplingParams { TopLogprobs = 50 }).Top!.Sum(top => Math.Exp(top.Logprob)), 1e-6);
    }

    [Fact]
    public void Logprobs_UnderBiasTemperatureAndTruncation_AreTheModelsOwn()
    {
        float[] logits = [1, 2, 3, 4];
        double[] expected = ReferenceSampler.LogSoftmax(logits);
        SampledToken sampled = Sample(logits, new SamplingParams { Temperature = 0.1f, TopK = 1, LogitBias = [new(0, 100)], TopLogprobs = 1 });
        Assert.Equal(0, sampled.TokenId);
        Assert.Equal(expected[0], sampled.Logprob, 1e-5);
        Assert.Equal(3, Assert.Single(sampled.Top!).TokenId);
    }

    [Fact]
    public void Top_NoneOrEqualOrImpossible_AreEmptyOrLowestIdFirstOrLeftOut()
    {
        Assert.Null(Sample(new float[9], new SamplingParams()).Top);
        Assert.Empty(Sample(new float[9], new SamplingParams { TopLogprobs = 0 }).Top!);
        Assert.Equal([0, 1, 2], Sample(new float[9], new SamplingParams { TopLogprobs = 3 }).Top!.Select(top => top.TokenId));
        Assert.Equal([1], Sample([float.NegativeInfinity, 1], new SamplingParams { TopLogprobs = 2 }).Top!.Select(top => top.TokenId));
    }

    private static SampledToken Sample(float[] logits, SamplingParams parameters) =>
        new Sampler(logits.Length).Sample([.. logits], SamplerTests.Row(parameters), []);
}
