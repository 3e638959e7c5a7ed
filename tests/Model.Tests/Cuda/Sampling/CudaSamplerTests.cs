using Llama.Model.Guidance;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;

namespace Llama.Model.Tests.Cuda.Sampling;

/// <summary>What is drawn on the device against what is drawn on the host.</summary>
public sealed class CudaSamplerTests
{
    [CudaEmulatorTheory]
    [InlineData(5, 150)]
    [InlineData(33, 150)]
    [InlineData(100, 150)]
    [InlineData(1025, 100)]
    [InlineData(8_192, 30)]
    [InlineData(32_000, 12)]
    [InlineData(128_256, 3)]
    public void Draw_RandomParameters_IsWhatTheHostDraws(int vocabSize, int rounds)
    {
        const int rows = 6;
        var random = new Random(vocabSize);
        using SamplerRig rig = new(vocabSize, rows);
        for (int round = 0; round < rounds; round++)
        {
            ForwardBatch batch = RandomStep.Of(random, rows, vocabSize);
            float[] logits = RandomStep.Logits(random, rows, vocabSize);
            SampledToken[] expected = rig.DrawOnHost(batch, logits), sampled = rig.Draw(batch, logits);
            for (int i = 0; i < rows; i++) AssertSame(expected[i], sampled[i], $"round {round}, row {i}: {batch.Samples[i].Params}");
        }
    }

    [CudaEmulatorTheory]
    [InlineData(0, 1f, 0f, 1f)]
    [InlineData(7, 0.9f, 0.05f, 1f)]
    [InlineData(9, 0.95f, 0f, 0.8f)]
    public void Draw_OverAllPositions_FollowsTheDistribution(int topK, float topP, float minP, float typicalP)
    {
        const int vocabSize = 12, rows = 250, steps = 5, draws = rows * steps;
        var parameters = new SamplingParams { Temperature = 0.8f, TopK = topK, TopP = topP, MinP = minP, TypicalP = typicalP, Seed = 99 };
        float[] logits = Tests.Sampling.RandomLogits.Normal(new Random(3), vocabSize, spread: 1);
        float[] all = [.. Enumerable.Repeat(logits, rows).SelectMany(row => row)];
        using SamplerRig rig = new(vocabSize, rows);
        int[] counts = new int[vocabSize];
        for (int step = 0; step < steps; step++)
        {
            ForwardBatch batch = RandomStep.Of([.. Enumerable.Repeat(parameters, rows)]);
            for (int i = 0; i < rows; i++) batch.Samples[i] = batch.Samples[i] with { Position = step * rows + i };
            foreach (SampledToken token in rig.Draw(batch, all)) counts[token.TokenId]++;
        }
        double[] expected = Tests.Sampling.ReferenceSampler.Distribution(logits, Tests.Sampling.SamplerTests.Row(parameters), []);
        Assert.All(counts.Zip(expected).Where(pair => pair.Second == 0), pair => Assert.Equal(0, pair.First));
        Assert.InRange(counts.Zip(expected).Where(pair => pair.Second > 0).Sum(pair => Math.Pow(pair.First - draws * pair.Second, 2) / (draws * pair.Second)), 0, 31.3); // at most 11 degrees of freedom: once in a thousand seeds by chance
    }

    [CudaEmulatorTheory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Draw_BrokenRows_FailAloneWithTheHostsWords(float broken)
    {
        const int vocabSize = 1500;
        SamplingParams[] kinds = [SamplingParams.Greedy, new(), new() { TopP = 0.5f, TypicalP = 0.5f }, new() { TopLogprobs = 2 }, new() { TopK = 4, LogitBias = [new(3, 1)], TopLogprobs = 0 }];
        ForwardBatch batch = RandomStep.Of([.. kinds, .. kinds]);
        float[] logits = Tests.Sampling.RandomLogits.Normal(new Random(1), batch.SampleCount * vocabSize, spread: 1);
        for (int row = 0; row < kinds.Length; row++)
        {
            if (float.IsNegativeInfinity(broken)) logits.AsSpan(row * vocabSize, vocabSize).Fill(broken);
            else logits[row * vocabSize + row * 331] = broken;
        }
        using SamplerRig rig = new(vocabSize, batch.SampleCount);
        SampledToken[] expected = rig.DrawOnHost(batch, logits), sampled = rig.Draw(batch, logits);
        for (int i = 0; i < sampled.Length; i++)
        {
            Assert.Equal(i < kinds.Length, sampled[i].Fault is SamplingException);
            AssertSame(expected[i], sampled[i], $"row {i}");
        }
    }

    [CudaEmulatorFact]
    public void Draw_EverythingBanned_SaysSo()
    {
        ForwardBatch batch = RandomStep.Of(new SamplingParams { StopTokenIds = [0, 1, 2], MinTokens = 1 }, new() { AllowedTokenIds = [] }, new() { StopTokenIds = [0, 1], MinTokens = 1 });
        using SamplerRig rig = new(3, 3);
        SampledToken[] sampled = rig.Draw(batch, new float[9]);
        Assert.All(sampled[..2], row => Assert.Contains("banned", row.Fault!.Message));
        Assert.Equal(2, sampled[2].TokenId);
    }

    [CudaEmulatorFact]
    public void Draw_GuideThatThrowsOrParametersOutOfRange_FailTheirRowsAlone()
    {
        ForwardBatch batch = RandomStep.Of(new SamplingParams(), new() { LogitBias = [new(40, 1)] }, new() { TopLogprobs = 21 }, SamplingParams.Greedy);
        batch.Samples[0] = batch.Samples[0] with { Guide = new BrokenGuide() };
        using SamplerRig rig = new(40, 4);
        SampledToken[] sampled = rig.Draw(batch, [.. Enumerable.Range(0, 160).Select(i => (float)(i % 7))]);
        Assert.Equal("broken", sampled[0].Fault!.Message);
        Assert.Contains("tokens 0 to 39", sampled[1].Fault!.Message);
        Assert.Contains("at most 20", sampled[2].Fault!.Message);
        Assert.Equal(new SampledToken(5 - 120 % 7 + 1, 0, null), sampled[3]);
    }

    internal static void AssertSame(SampledToken expected, SampledToken actual, string context)
    {
        Assert.True(expected.Fault?.Message == actual.Fault?.Message && expected.TokenId == actual.TokenId, $"{context}\n{expected}\n{actual}");
        Assert.Equal(expected.Logprob, actual.Logprob, 1e-5f);
        Assert.Equal(expected.Top?.Select(top => top.TokenId), actual.Top?.Select(top => top.TokenId));
        foreach ((TokenLogprob one, TokenLogprob other) in (expected.Top ?? []).Zip(actual.Top ?? [])) Assert.Equal(one.Logprob, other.Logprob, 1e-5f);
    }

    private sealed class BrokenGuide : ITokenGuide
    {
        public bool IsComplete => false;

        public bool MayEnd => false;

        public ReadOnlySpan<ulong> Allowed => throw new InvalidOperationException("broken");

        public bool TryForce(out int token) => throw new NotSupportedException();

        public void Accept(int token) => throw new NotSupportedException();
    }
}
