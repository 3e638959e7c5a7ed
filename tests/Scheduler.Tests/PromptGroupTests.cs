using Llama.Model;
using Llama.Model.Sampling;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>Several answers to one prompt. Blocks hold four tokens.</summary>
public sealed class PromptGroupTests
{
    private static readonly ModelLimits Limits = new(VocabSize: 1000, ContextLength: 100, BlockSize: 4, BlockCount: 200);

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(7, 1000)]
    [InlineData(8, 1000)]
    [InlineData(9, 5)]
    [InlineData(30, 8)]
    public void Answers_ToOnePrompt_AreThoseOfSeparateRequestsAndItIsComputedOnce(int promptLength, int budget)
    {
        foreach (bool prefixCache in new[] { true, false })
        {
            Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = budget, PrefixCache = prefixCache });
            GenerationRequest[] requests = Answers(5, promptLength);
            Sequence[] group = rig.AddGroup(requests);
            int computed = 0;
            while (rig.Scheduler.HasWork) computed += rig.Step().Sum(row => row.TokenCount);
            for (int i = 0; i < group.Length; i++) rig.AssertAsAlone(group[i], requests[i]);
            Assert.Equal(promptLength + group.Sum(sequence => sequence.GeneratedCount - 1), computed);
            Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
        }
    }

    [Fact]
    public void Answers_ToOnePrompt_ShareItsBlocksAndCopyTheLastWhenTheyWrite()
    {
        Rig rig = new(Limits);
        Sequence[] group = rig.AddGroup(Answers(5, promptLength: 10));
        rig.Step();
        Assert.Equal(3, rig.Scheduler.Blocks.UsedCount);
        Assert.All(group, sequence => Assert.Equal((1, SequenceState.Running), (sequence.GeneratedCount, sequence.State)));
        rig.Step();
        Assert.Equal(2 + 5, rig.Scheduler.Blocks.UsedCount);
        Assert.Single(group.Select(sequence => sequence.BlockIds[1]).Distinct());
        Assert.Equal(5, group.Select(sequence => sequence.BlockIds[2]).Distinct().Count());
    }

    [Fact]
    public void LastHolderOfTheSharedBlock_GoesOnInItWithoutACopy()
    {
        Rig rig = new(Limits);
        GenerationRequest[] requests = Answers(2, promptLength: 10);
        Sequence[] group = rig.AddGroup(requests);
        rig.Step();
        rig.Scheduler.End(group[0], FinishReason.Aborted);
        int? block = group[1].SharedTail;
        rig.Step();
        Assert.Equal(block, group[1].BlockIds[2]);
        rig.StepUntilIdle();
        rig.AssertAsAlone(group[1], requests[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void MoreAnswersThanMayRun_WaitAndAreServed(int maxSequences)
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxSequences = maxSequences });
        GenerationRequest[] requests = Answers(7, promptLength: 10);
        Sequence[] group = rig.AddGroup(requests);
        rig.Step();
        Assert.Equal(maxSequences, rig.Scheduler.RunningCount);
        Assert.Equal(7 - maxSequences, rig.Scheduler.WaitingCount);
        rig.StepUntilIdle();
        for (int i = 0; i < group.Length; i++) rig.AssertAsAlone(group[i], requests[i]);
    }

    [Fact]
    public void PoolTooSmallForAll_ServesThemOneAfterTheOther()
    {
        Rig rig = new(Limits with { BlockCount = 6 });
        GenerationRequest[] requests = [.. Answers(6, promptLength: 10).Select(request => request with { MaxTokens = 14 })];
        Sequence[] group = rig.AddGroup(requests);
        rig.StepUntilIdle();
        Assert.True(rig.Scheduler.PreemptionCount > 0);
        for (int i = 0; i < group.Length; i++) rig.AssertAsAlone(group[i], requests[i]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Leader_LeavesBeforeThePromptIsComputed_TheNextTakesItsPlace(int steps)
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 8, MaxSequences = 5 });
        GenerationRequest[] requests = Answers(3, promptLength: 20);
        Sequence[] group = rig.AddGroup(requests);
        Sequence other = rig.Add(Rig.Request(20, maxTokens: 3, firstToken: 500));
        for (int i = 0; i < steps; i++) rig.Step();
        rig.Scheduler.End(group[0], FinishReason.Aborted);
        Assert.Equal([SequenceState.Waiting, SequenceState.Attached], group[1..].Select(sequence => sequence.State));
        rig.Step();
        Assert.Equal(steps == 0 ? group[1] : other, rig.LastStep[0].Sequence); // before admission the place in the queue is kept
        rig.StepUntilIdle();
        Assert.Empty(rig.OutputOf(group[0]));
        for (int i = 1; i < group.Length; i++) rig.AssertAsAlone(group[i], requests[i]);
        Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
    }

    [Fact]
    public void Fork_LeavesBeforeThePromptIsComputed_DisturbsNobody()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 8 });
        GenerationRequest[] requests = Answers(3, promptLength: 20);
        Sequence[] group = rig.AddGroup(requests);
        rig.Step();
        rig.Scheduler.End(group[1], FinishReason.Aborted);
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Aborted, rig.EndingOf(group[1]));
        rig.AssertAsAlone(group[0], requests[0]);
        rig.AssertAsAlone(group[2], requests[2]);
    }

    [Fact]
    public void Deadline_OfTheWholeGroup_EndsEveryone()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 8 });
        Sequence[] group = rig.AddGroup([.. Answers(4, promptLength: 20).Select(request => request with { Timeout = TimeSpan.FromSeconds(1) })]);
        rig.Step();
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.Step();
        Assert.All(group, sequence => Assert.Equal(FinishReason.Deadline, rig.EndingOf(sequence)));
        Assert.False(rig.Scheduler.HasWork);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void StepFailsAtThePrompt_FailsTheGroupAtOnce(int stepsBefore)
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 8 });
        Sequence[] group = rig.AddGroup(Answers(4, promptLength: 20));
        for (int i = 0; i < stepsBefore; i++) rig.Step();
        rig.Step(fails: true);
        Assert.All(group, sequence => Assert.Equal(FinishReason.Failed, rig.EndingOf(sequence)));
        Assert.False(rig.Scheduler.HasWork);
        Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
    }

    [Fact]
    public void StepFailsAfterThePrompt_FailsOnlyThoseInIt()
    {
        Rig rig = new(Limits);
        GenerationRequest[] requests = Answers(4, promptLength: 10);
        Sequence[] group = rig.AddGroup(requests);
        rig.Step();
        rig.Step(fails: true); // the step that would have copied the shared block
        Assert.All(group, sequence => Assert.Equal(FinishReason.Failed, rig.EndingOf(sequence)));
        GenerationRequest next = Rig.Request(10, maxTokens: 5, firstToken: 300);
        Sequence after = rig.Add(next);
        rig.StepUntilIdle();
        rig.AssertAsAlone(after, next);
    }

    [Fact]
    public void LeaderIsPreemptedBeforeThePromptIsComputed_ForksWaitWithIt()
    {
        Rig rig = new(Limits with { BlockCount = 12 }, new SchedulerOptions { MaxBatchTokens = 5 });
        GenerationRequest first = Rig.Request(9, maxTokens: 30, firstToken: 500);
        Sequence older = rig.Add(first);
        while (older.GeneratedCount == 0) rig.Step();
        GenerationRequest[] requests = [.. Answers(3, promptLength: 32).Select(request => request with { MaxTokens = 4 })];
        Sequence[] group = rig.AddGroup(requests);
        while (rig.Scheduler.PreemptionCount == 0) rig.Step();
        Assert.Equal([SequenceState.Waiting, SequenceState.Attached, SequenceState.Attached], group.Select(sequence => sequence.State));
        rig.StepUntilIdle();
        rig.AssertAsAlone(older, first);
        for (int i = 0; i < group.Length; i++) rig.AssertAsAlone(group[i], requests[i]);
    }

    [Fact]
    public void GuidesThatForceTheStart_DrawAfterIt()
    {
        int[][][] places = [[[11], [12], [20, 21]], [[30, 31], [13], [14, 15]], [[11], [16]], [[7]]];
        foreach (int promptLength in new[] { 7, 8, 9 })
        {
            Rig rig = new(Limits);
            GenerationRequest[] requests = [.. Answers(4, promptLength).Select((request, i) => request with { Guide = new FakeGuide(1000, places[i]) })];
            Sequence[] group = rig.AddGroup(requests);
            rig.StepUntilIdle();
            for (int i = 0; i < group.Length; i++)
            {
                rig.AssertAsAlone(group[i], requests[i] with { Guide = new FakeGuide(1000, places[i]) });
                Assert.Equal(FinishReason.Completed, rig.EndingOf(group[i]));
            }
        }
    }

    [Fact]
    public void GuideOfAForkThrowsAtTheStart_FailsItAlone()
    {
        Rig rig = new(Limits);
        GenerationRequest[] requests = Answers(3, promptLength: 10);
        Sequence[] group = rig.AddGroup(requests[0], requests[1] with { Guide = new FakeGuide(1000, [[4]]) { ThrowsAt = 0 } }, requests[2]);
        rig.StepUntilIdle();
        Assert.Equal("guide", rig.FaultOf(group[1])?.Message);
        rig.AssertAsAlone(group[0], requests[0]);
        rig.AssertAsAlone(group[2], requests[2]);
    }

    [Theory]
    [InlineData(0)] // the shared block holds nothing but the prompt
    [InlineData(2)] // the leader has filled and sealed it
    public void ForkLeftAlone_WhoNeedsTheWholePool_GoesOnWithoutGivingWay(int leaderForcedCount)
    {
        Rig rig = new(Limits with { ContextLength = 9, BlockCount = 2 });
        int[][] leaderPlaces = [.. Enumerable.Range(10, leaderForcedCount).Select(token => new[] { token }), [14, 15]];
        int[][] forkPlaces = [.. Enumerable.Range(20, 6).Select(token => new[] { token }), [30, 31]];
        GenerationRequest request = Rig.Request(2, maxTokens: 7);
        Sequence[] group = rig.AddGroup(request with { Guide = new FakeGuide(1000, leaderPlaces) }, request with { Guide = new FakeGuide(1000, forkPlaces) });
        rig.StepUntilIdle();
        rig.AssertAsAlone(group[0], request with { Guide = new FakeGuide(1000, leaderPlaces) });
        rig.AssertAsAlone(group[1], request with { Guide = new FakeGuide(1000, forkPlaces) });
        Assert.Equal(0, rig.Scheduler.PreemptionCount);
    }

    [Fact]
    public void Group_IsPaidForAsAWhole()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxSequences = 4, PrefixCache = false });
        List<Sequence> served = [];
        for (int i = 0; i < 6; i++) rig.AddGroup([.. Answers(4, promptLength: 8).Select(request => request with { ShareKey = 1, MaxTokens = 8 })]);
        for (int i = 0; i < 24; i++) rig.Add(Rig.Request(8, maxTokens: 2, firstToken: 300) with { ShareKey = 2 });
        while (rig.Scheduler.HasWork) served.AddRange(rig.Step().Select(row => row.Sequence).Where(sequence => !served.Contains(sequence)));
        // A group costs 40 tokens, a lone request 10: four of these for one of those.
        int[] firstHalf = [.. served.Take(24).Select(sequence => sequence.ShareKey)];
        Assert.InRange(firstHalf.Count(key => key == 2), 8, 16);
    }

    [Fact]
    public void ForksThatJoined_KeepTheBlocksForTheirCopies()
    {
        Rig rig = new(Limits with { BlockCount = 8 });
        GenerationRequest[] requests = [.. Answers(4, promptLength: 10).Select(request => request with { MaxTokens = 3 })];
        GenerationRequest another = Rig.Request(16, maxTokens: 3, firstToken: 300);
        Sequence[] group = rig.AddGroup(requests);
        Sequence newcomer = rig.Add(another); // its four blocks are there, but three of them are as good as taken
        rig.StepUntilIdle();
        Assert.Equal(0, rig.Scheduler.PreemptionCount);
        for (int i = 0; i < group.Length; i++) rig.AssertAsAlone(group[i], requests[i]);
        rig.AssertAsAlone(newcomer, another);
    }

    [Fact]
    public void ForksThatFoundNoRoom_PayAsIfTheyHadComeAlone()
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxSequences = 1 });
        rig.AddGroup([.. Answers(5, promptLength: 8).Select(request => request with { ShareKey = 1, MaxTokens = 8 })]);
        rig.Step(); // nobody else of the key waits, so what the group was charged is forgotten, and so is what it would get back
        for (int i = 0; i < 4; i++) rig.Add(Rig.Request(8, maxTokens: 8, firstToken: 300) with { ShareKey = 2 });
        List<Sequence> served = [];
        while (rig.Scheduler.HasWork) served.AddRange(rig.Step().Select(row => row.Sequence).Where(sequence => !served.Contains(sequence)));
        Assert.Equal(2, served.Skip(1).Take(4).Count(sequence => sequence.ShareKey == 2));
    }

    private static GenerationRequest[] Answers(int count, int promptLength) =>
    [
        .. Enumerable.Range(0, count).Select(i => Rig.Request(promptLength, maxTokens: 12 + i) with { Sampling = new SamplingParams { Seed = (ulong)i + 1, PresencePenalty = i % 2 } }),
    ];
}
