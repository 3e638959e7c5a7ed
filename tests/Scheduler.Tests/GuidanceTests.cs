using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>Sequences whose output must look like something. Blocks hold four tokens; a place of one token is forced.</summary>
public sealed class GuidanceTests
{
    private static readonly ModelLimits Limits = new(VocabSize: 1000, ContextLength: 120, BlockSize: 4, BlockCount: 40);
    private static readonly int[][] Places = [[11], [12], [20, 21, 22], [13], [14], [15], [30, 31], [32, 33], [16]];

    [Fact]
    public void Guide_ForcedTokens_AreKnownWithoutAStepOfTheirOwn()
    {
        Rig rig = new(Limits);
        Sequence sequence = rig.Add(Guided(5));
        List<int> chunks = [];
        while (rig.Scheduler.HasWork) chunks.AddRange(rig.Step().Select(row => row.TokenCount));
        Assert.Equal([7, 4, 1], chunks); // prompt and two forced; the drawn and three forced; the drawn. The last forced one ends it.
        Assert.Equal(FinishReason.Completed, rig.EndingOf(sequence));
        rig.AssertAsAlone(sequence, Guided(5));
    }

    [Fact]
    public void Guide_LogprobsWanted_DrawsEveryToken()
    {
        Rig rig = new(Limits);
        GenerationRequest request = Guided(5) with { Sampling = new SamplingParams { TopLogprobs = 0 } };
        Sequence sequence = rig.Add(request);
        int steps = 0;
        for (; rig.Scheduler.HasWork; steps++) rig.Step();
        Assert.Equal(Places.Length, steps);
        rig.AssertAsAlone(sequence, request with { Guide = Guide() });
    }

    [Fact]
    public void Guide_EverythingIsForced_EndsAfterOneStep()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 4 });
        Sequence sequence = rig.Add(Rig.Request(9) with { Guide = new FakeGuide(1000, [[5], [6]]), MaxTokens = 30 });
        rig.Step();
        Assert.Equal(FinishReason.Completed, rig.EndingOf(sequence));
        Assert.Equal([5, 6], rig.OutputOf(sequence));
        Assert.False(rig.Scheduler.HasWork);
        Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    public void Guide_NothingMayFollowThePrompt_EndsWithoutAToken(int? topLogprobs)
    {
        Rig rig = new(Limits);
        GenerationRequest request = Rig.Request(9, maxTokens: 30) with { Sampling = new SamplingParams { TopLogprobs = topLogprobs } }; // without a stop token nothing could be drawn
        Sequence[] group = rig.AddGroup(request with { Guide = new FakeGuide(1000, []) }, request, request with { Guide = new FakeGuide(1000, []) });
        rig.StepUntilIdle();
        foreach (int i in new[] { 0, 2 }) Assert.Equal((FinishReason.Completed, 0), (rig.EndingOf(group[i]), rig.OutputOf(group[i]).Count));
        rig.AssertAsAlone(group[1], request);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void Guide_MaxTokens_EndsAmongForcedOnesToo(int maxTokens)
    {
        Rig rig = new(Limits);
        GenerationRequest request = Guided(4) with { MaxTokens = maxTokens };
        Sequence sequence = rig.Add(request);
        rig.StepUntilIdle();
        Assert.Equal(maxTokens, rig.OutputOf(sequence).Count);
        Assert.Equal(maxTokens == Places.Length ? FinishReason.Completed : FinishReason.Length, rig.EndingOf(sequence));
        rig.AssertAsAlone(sequence, request with { Guide = Guide() });
    }

    [Fact]
    public void Guide_StopToken_EndsWhereTheOutputMayEndAndNowhereElse()
    {
        Rig rig = new(Limits, model: new FakeModel { StopTokenId = 2, StopAfter = 0 }); // it wants to stop at once
        GenerationRequest request = Rig.Request(4, maxTokens: 20) with { Sampling = new SamplingParams { StopTokenIds = [2] } };
        Sequence sequence = rig.Add(request with { Guide = Guide(ends: [7]) });
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Stop, rig.EndingOf(sequence));
        Assert.Equal(8, rig.OutputOf(sequence).Count);
        Assert.Equal(2, rig.OutputOf(sequence)[^1]);
    }

    [Fact]
    public void Guide_ForcedStopToken_EndsTheSequence()
    {
        Rig rig = new(Limits);
        Sequence sequence = rig.Add(Guided(4) with { Sampling = new SamplingParams { StopTokenIds = [13] } });
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Stop, rig.EndingOf(sequence));
        Assert.Equal(13, rig.OutputOf(sequence)[^1]);
        Assert.Equal(4, rig.OutputOf(sequence).Count);
    }

    [Fact]
    public void Guide_PreemptedSequence_GoesOnWhereItWas()
    {
        Rig rig = new(Limits with { BlockCount = 5 });
        GenerationRequest older = Rig.Request(7, maxTokens: 12, firstToken: 200);
        Sequence first = rig.Add(older), second = rig.Add(Guided(5));
        rig.StepUntilIdle();
        Assert.True(rig.Scheduler.PreemptionCount > 0);
        rig.AssertAsAlone(first, older);
        rig.AssertAsAlone(second, Guided(5));
        Assert.Equal(FinishReason.Completed, rig.EndingOf(second));
    }

    [Fact]
    public void Schedule_ForcedTokensBesideALongPrompt_AreComputedFirst()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 5 });
        Sequence guided = rig.Add(Guided(3) with { Priority = 1 });
        rig.Step();
        Sequence prompt = rig.Add(Rig.Request(110, maxTokens: 1, firstToken: 100) with { Priority = 0 });
        List<int> chunks = [];
        while (rig.EndingOf(guided) is null)
        {
            rig.Step();
            chunks.Add(rig.LastStep.Single(row => row.Sequence == guided).TokenCount);
            Assert.Null(rig.EndingOf(prompt)); // it was there all the time
        }
        Assert.Equal([4, 1], chunks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public void Guide_Throws_FailsItsSequenceAlone(int place)
    {
        Rig rig = new(Limits);
        GenerationRequest request = Rig.Request(5, maxTokens: 12, firstToken: 300);
        Sequence broken = rig.Add(Guided(5) with { Guide = Guide(throwsAt: place) }), whole = rig.Add(request);
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Failed, rig.EndingOf(broken));
        Assert.Equal("guide", rig.FaultOf(broken)?.Message);
        rig.AssertAsAlone(whole, request);
        Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
    }

    [Fact]
    public void Guide_ForcedStart_IsFoundInTheCacheButCountsNoPromptToken()
    {
        Rig rig = new(Limits);
        int[][] places = [.. Enumerable.Range(500, 8).Select(token => new[] { token }), [9, 10]];
        foreach (int _ in Enumerable.Range(0, 2))
        {
            Sequence sequence = rig.Add(Rig.Request(5) with { Guide = new FakeGuide(1000, places), MaxTokens = 20 });
            int computed = rig.Step().Sum(row => row.TokenCount);
            Assert.Equal(sequence.CachedTokenCount == 0 ? 13 : 1, computed);
            Assert.Equal(sequence.Id == 1 ? 0 : 5, sequence.CachedTokenCount);
        }
    }

    private static GenerationRequest Guided(int promptLength) => new()
    {
        PromptTokenIds = [.. Enumerable.Range(700, promptLength)],
        MaxTokens = 30,
        Guide = Guide(),
        Sampling = new SamplingParams { Seed = 3, PresencePenalty = 1 },
    };

    private static FakeGuide Guide(int[]? ends = null, int? throwsAt = null) => new(1000, Places) { Ends = ends ?? [], ThrowsAt = throwsAt };
}
