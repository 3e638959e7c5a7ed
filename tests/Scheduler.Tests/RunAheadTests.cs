using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>A runner that begins the next step before it is asked to: it is asked for that very step, whoever comes and goes. Blocks hold four tokens.</summary>
public sealed class RunAheadTests
{
    [Fact]
    public void Run_DecodingAlone_EveryStepWasBegunBefore()
    {
        Rig rig = RigOf(100);
        GenerationRequest[] requests = [.. Enumerable.Range(1, 5).Select(length => Rig.Request(length, maxTokens: 20 + length, firstToken: 50 * length))];
        Sequence[] sequences = [.. requests.Select(rig.Add)];
        rig.StepUntilIdle();
        Assert.Equal((23, 0), rig.Ahead!.Counts); // of 25 steps: the first computes prompts, the second is what may be followed. Each sequence crosses blocks, and they end one after the other
        for (int i = 0; i < sequences.Length; i++) rig.AssertAsAlone(sequences[i], requests[i]);
    }

    [Fact]
    public void Run_ArrivalWhileAhead_IsTakenInOneStepLaterAndNothingIsWasted()
    {
        Rig rig = RigOf(100);
        rig.Add(Rig.Request(3, maxTokens: 30));
        for (int i = 0; i < 3; i++) rig.Step();
        Assert.True(rig.Ahead!.IsAhead);
        Sequence late = rig.Add(Rig.Request(3, maxTokens: 5, firstToken: 200));
        Assert.DoesNotContain(rig.Step(), row => row.Sequence == late);
        Assert.False(rig.Ahead.IsAhead); // somebody waits
        Assert.Contains(rig.Step(), row => row.Sequence == late);
        rig.StepUntilIdle();
        Assert.Equal(0, rig.Ahead.Counts.Misses);
    }

    [Fact]
    public void Run_SequenceEndsByAToken_TheOthersGoOnInTheStepThatWasBegunWithIt()
    {
        Rig probe = RigOf(100);
        Sequence probed = probe.Add(Rig.Request(3, maxTokens: 10));
        probe.StepUntilIdle();

        Rig rig = RigOf(100);
        Sequence stopping = rig.Add(Rig.Request(3, maxTokens: 10) with { Sampling = new SamplingParams { Temperature = 0, StopTokenIds = [probe.OutputOf(probed)[4]] } });
        GenerationRequest request = Rig.Request(2, maxTokens: 12, firstToken: 300);
        Sequence other = rig.Add(request);
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Stop, rig.EndingOf(stopping));
        rig.AssertAsAlone(other, request);
        Assert.Equal((10, 0), rig.Ahead!.Counts);
    }

    [Fact]
    public void Run_AllEndByATokenAtOnce_TheNextArrivalIsNotHeldUp()
    {
        Rig rig = new(Limits(100), model: new FakeModel { StopAfter = 4 });
        rig.Add(Rig.Request(3, maxTokens: 10) with { Sampling = new SamplingParams { Temperature = 0, StopTokenIds = [rig.Model.StopTokenId] } });
        rig.StepUntilIdle();
        Assert.True(rig.Ahead!.IsAhead); // with a step for nobody
        GenerationRequest request = Rig.Request(3, maxTokens: 6, firstToken: 500) with { Sampling = new SamplingParams { Temperature = 0 } };
        Sequence next = rig.Add(request);
        rig.Step();
        Assert.Equal(1, next.GeneratedCount);
        rig.StepUntilIdle();
        rig.AssertAsAlone(next, request);
    }

    public static TheoryData<string> WhatIsDrawnFromMoreThanTheContext => ["penalty", "guide"];

    [Theory]
    [MemberData(nameof(WhatIsDrawnFromMoreThanTheContext))]
    public void Run_DrawsThatTheHostMustPrepare_AreNotBegunBefore(string kind)
    {
        Rig rig = RigOf(100);
        GenerationRequest request = Rig.Request(3, maxTokens: 8);
        rig.Add(kind == "guide"
            ? request with { Guide = new FakeGuide(1000, [.. Enumerable.Range(0, 8).Select(_ => new[] { 5, 6, 7 })]) }
            : request with { Sampling = new SamplingParams { Temperature = 0, PresencePenalty = 1 } });
        rig.StepUntilIdle();
        Assert.Equal((0, 0), rig.Ahead!.Counts);
    }

    [Fact]
    public void Run_NoBlockToSpare_WaitsInsteadOfTakingOneAway()
    {
        Rig rig = RigOf(4); // of which the two prompts fill all
        GenerationRequest first = Rig.Request(7, maxTokens: 8), second = Rig.Request(7, maxTokens: 2, firstToken: 300);
        Sequence[] sequences = [rig.Add(first), rig.Add(second)];
        rig.StepUntilIdle();
        rig.AssertAsAlone(sequences[0], first);
        rig.AssertAsAlone(sequences[1], second);
        Assert.Equal(0, rig.Scheduler.PreemptionCount);
    }

    private static ModelLimits Limits(int blockCount) => new(VocabSize: 1000, ContextLength: 4 * blockCount, BlockSize: 4, blockCount) { RunsAhead = true };

    private static Rig RigOf(int blockCount) => new(Limits(blockCount));
}
