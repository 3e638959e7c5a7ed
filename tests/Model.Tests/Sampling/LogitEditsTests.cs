using Llama.Model.Sampling;

namespace Llama.Model.Tests.Sampling;

public sealed class LogitEditsTests
{
    // Prompt 0 1 1, output 2 2 0.
    private static readonly int[] History = [0, 1, 1, 2, 2, 0];

    [Fact]
    public void Apply_Penalties_RepetitionCountsAllTokensTheOthersGeneratedOnes()
    {
        var parameters = new SamplingParams { RepetitionPenalty = 2, PresencePenalty = 0.5f, FrequencyPenalty = 0.25f };
        // 0: 4 / 2 − 0.5 − 0.25; 1: −2 · 2; 2: 1 / 2 − 0.5 − 2 · 0.25; 3: never seen.
        Assert.Equal([1.25f, -4, -0.5f, 7], Apply([4, -2, 1, 7], parameters));
    }

    [Fact]
    public void Apply_NegativePenalties_Encourage() =>
        Assert.Equal([0.5f, 0, 1, 0], Apply(new float[4], new SamplingParams { FrequencyPenalty = -0.5f }));

    [Fact]
    public void Apply_Twice_StartsFromNothingEachTime()
    {
        var edits = new LogitEdits(vocabSize: 4);
        SampleRow row = SamplerTests.Row(new SamplingParams { FrequencyPenalty = 1 }, generated: 3, historyLength: 6);
        float[] first = new float[4], second = new float[4];
        edits.Apply(first, row, History);
        edits.Apply(second, row, History);
        Assert.Equal(first, second);
    }

    [Fact]
    public void Apply_Bias_ComesBeforePenalties() =>
        Assert.Equal([2.5f, 0, 0, 0], Apply(new float[4], new SamplingParams { LogitBias = [new(0, 5)], RepetitionPenalty = 2 }));

    [Theory]
    [InlineData(3, false)]
    [InlineData(4, true)]
    public void Apply_MinTokens_BansStopTokensUntilReached(int minTokens, bool banned)
    {
        var parameters = new SamplingParams { StopTokenIds = [1, 3], MinTokens = minTokens };
        float expected = banned ? float.NegativeInfinity : 9;
        Assert.Equal([9, expected, 9, expected], Apply([9, 9, 9, 9], parameters));
    }

    private static float[] Apply(float[] logits, SamplingParams parameters)
    {
        new LogitEdits(logits.Length).Apply(logits, SamplerTests.Row(parameters, generated: 3, historyLength: 6), History);
        return logits;
    }
}
