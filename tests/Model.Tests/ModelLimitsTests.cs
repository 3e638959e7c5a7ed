using Llama.Tests.Shared;

namespace Llama.Model.Tests;

/// <summary>Products of settings that are each within their range, and together beyond what an int holds.</summary>
public sealed class ModelLimitsTests
{
    [Theory]
    [InlineData(10, 40, 41)]
    [InlineData(40, 128, 128)]
    [InlineData(int.MaxValue, 128, 128)]
    public void Longest_IsWhatContextAndPoolBothHold(int blockCount, int prompt, int sequence)
    {
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 128, BlockSize: 4, blockCount);
        Assert.Equal((4L * blockCount, prompt, sequence), (limits.PoolTokens, limits.LongestPrompt, limits.LongestSequence));
        Assert.True(limits.Hold(1, sequence - 1));
        Assert.False(limits.Hold(1, sequence));
        Assert.Equal((true, false), (limits.Hold(prompt, sequence - prompt), limits.Hold(prompt + 1, 0)));
    }

    [Theory]
    [InlineData(1 << 16, 1 << 16, 1)] // 2³² entries, 0 in an int
    [InlineData(1 << 8, 1 << 23, 1)] // 2³¹, which no array has
    [InlineData(1 << 16, 1 << 24, 16)]
    public void StepSize_BlockTablesBeyondAnArray_NamesTheSettingsAndTheRemedy(int sequences, int contextLength, int blockSize)
    {
        LlamaConfig config = SmallLlama.Config with { ContextLength = contextLength };
        ModelOptions options = new() { Path = "", MaxSequences = sequences, BlockSize = blockSize };
        string message = Assert.Throws<ArgumentException>(() => StepSize.Of(options, config, tokens: 16)).Message;
        Assert.StartsWith($"Scheduler:MaxSequences={sequences}, Model:ContextLength={contextLength} and Model:BlockSize={blockSize} make ", message);
        Assert.EndsWith("Lower one of the first two, or raise Model:BlockSize.", message);
        Assert.Equal(16, StepSize.Of(options with { MaxSequences = 64, BlockSize = 1024 }, config, tokens: 16).Tokens);
    }

    [Fact]
    public void ForwardBatch_TablesBeyondAnInt_AreNotMadeSmaller() => Assert.ThrowsAny<SystemException>(() => new ForwardBatch(maxTokens: 1, maxSequences: 1 << 16, maxBlocksPerSequence: 1 << 16));
}
