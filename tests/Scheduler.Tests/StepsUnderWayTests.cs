using Llama.Model;
using Llama.Model.Sampling;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>The scheduler for a runner that has several steps under way: who sits in which, and what happens to those whose step is not through yet.</summary>
public sealed class StepsUnderWayTests
{
    [Theory]
    [InlineData(1, new[] { 8, 8, 8 })]
    [InlineData(2, new[] { 4, 4, 4 })]
    [InlineData(3, new[] { 3, 3, 2 })]
    [InlineData(4, new[] { 2, 2, 2 })]
    public void Schedule_Decoding_IsSpreadEvenlyOverTheStepsUnderWay(int steps, int[] rows)
    {
        Rig rig = RigOf(steps);
        for (int i = 0; i < 8; i++) rig.Add(Rig.Request(2, maxTokens: 40, firstToken: 10 * i));
        for (int i = 0; i < 12; i++) rig.Step();
        Assert.Equal(rows.Order(), Enumerable.Range(0, 3).Select(_ => rig.Step().Count).Order());
    }

    [Theory]
    [InlineData(1, new[] { 32, 32 })]
    [InlineData(2, new[] { 9, 8, 7 })]
    public void Schedule_LongPrompt_ItsChunksAreUnderWayTogether(int steps, int[] chunks)
    {
        Rig rig = RigOf(steps);
        GenerationRequest request = Rig.Request(64, maxTokens: 3);
        Sequence sequence = rig.Add(request);
        rig.Step();
        if (steps == 1) rig.Step();
        else Assert.Equal(chunks[..steps], rig.LastStep.Select(row => row.TokenCount));
        if (steps > 1) Assert.Equal([chunks[^1]], rig.Step().Select(row => row.TokenCount));
        Assert.Equal(chunks.Sum(), sequence.ComputedCount);
        rig.StepUntilIdle();
        rig.AssertAsAlone(sequence, request);
    }

    [Theory]
    [InlineData(1, 9)]
    [InlineData(8, 26)]
    [InlineData(20, 32)]
    public void Schedule_MorePromptsWait_ItsChunksAreLarger(int prompts, int tokens)
    {
        Rig rig = RigOf(2);
        for (int i = 0; i < prompts; i++) rig.Add(Rig.Request(64, maxTokens: 3, firstToken: 10 * i));
        Step step = rig.Scheduler.Schedule();
        Assert.Equal(tokens, step.TokenCount);
    }

    [Fact]
    public void Schedule_NoneOfTheWaitingCouldBeAdmitted_ChunksAreThoseOfALonePrompt()
    {
        Rig rig = new(Limits(2, blockCount: 100), new SchedulerOptions { MaxBatchTokens = 32, MaxSequences = 1 });
        for (int i = 0; i < 8; i++) rig.Add(Rig.Request(64, maxTokens: 3, firstToken: 10 * i));
        rig.Step();
        Assert.Equal(7, Assert.Single(rig.Step()).TokenCount);
    }

    [Fact]
    public void ChunkTokens_AnyPrompt_CostsNoMoreThanAnyOtherChunk()
    {
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            int maxTokens = 24 * random.Next(4, 100), steps = random.Next(2, 9), ahead = random.Next(1, 40 * maxTokens), step = maxTokens / 24;
            double Cost(int chunk) => ((double)ahead / chunk + steps - 1) * (chunk + step); // rounds, by what each costs
            double least = Enumerable.Range(1, maxTokens).Min(Cost);
            Assert.InRange(Cost(ChunkTokens.Of(ahead, maxTokens, steps)), least, 1.1 * least); // whole tokens
        }
    }

    [Fact]
    public void Fail_StepThatFillsABlock_LeavesNothingToShare()
    {
        Rig rig = RigOf(2);
        Sequence first = rig.Add(Rig.Request(16, maxTokens: 5));
        rig.Step(fails: true); // with the chunk after it under way
        Assert.Equal(FinishReason.Failed, rig.EndingOf(first));
        GenerationRequest request = Rig.Request(16, maxTokens: 5);
        Sequence second = rig.Add(request);
        rig.StepUntilIdle();
        Assert.Equal(0, second.CachedTokenCount);
        rig.AssertAsAlone(second, request);
    }

    [Fact]
    public void Fail_StepBegunAfterOneThatWasGivenUp_LeavesAForkThatIsInNeitherItsTail()
    {
        Rig rig = new(Limits(2, blockCount: 4), new SchedulerOptions { MaxBatchTokens = 64 });
        rig.Add(Rig.Request(1, maxTokens: 9));
        rig.Step();
        GenerationRequest request = Rig.Request(2, maxTokens: 6, firstToken: 200); // its block is shared
        Sequence[] group = rig.AddGroup(request, request);
        rig.Add(Rig.Request(1, maxTokens: 12, firstToken: 300) with { Guide = new FakeGuide(1000, [[5, 6], .. Enumerable.Range(10, 8).Select(token => new[] { token }), [5, 6]]) });
        for (int i = 0; i < 2; i++) rig.Step();
        Assert.Empty(rig.Step()); // the fork has a block for its copy; those that the guide forces have none, and nobody gives way while a step is under way
        List<Rig.Row> begun = rig.Step(fails: true);
        Assert.Equal(1, rig.Scheduler.PreemptionCount);
        Assert.Equal([group[0], group[1]], begun.Skip(1).Select(row => row.Sequence)); // the one that failed has the leader, the next one the fork
        Assert.Equal((FinishReason.Failed, null), (rig.EndingOf(group[0]), rig.EndingOf(group[1])));
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Length, rig.EndingOf(group[1]));
        rig.AssertAsAlone(group[1], request);
    }

    [Fact]
    public void End_SequenceUnderWay_GivesItsBlocksAtOnceAndTheNextHolderIsNotDisturbed()
    {
        Rig rig = new(Limits(2, blockCount: 4), new SchedulerOptions { MaxBatchTokens = 32 });
        Sequence leaving = rig.Add(Rig.Request(12, maxTokens: 4));
        rig.Step();
        rig.Scheduler.End(leaving, FinishReason.Aborted);
        Assert.Equal((0, 1), (rig.Scheduler.Blocks.UsedCount, rig.Scheduler.UnderWayCount));
        GenerationRequest request = Rig.Request(12, maxTokens: 4, firstToken: 300);
        Sequence next = rig.Add(request);
        rig.StepUntilIdle();
        rig.AssertAsAlone(next, request);
    }

    [Fact]
    public void End_LeaderUnderWay_ItsForksDrawFromThePromptFirst()
    {
        Rig rig = RigOf(2);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 3).Select(i => Rig.Request(6, maxTokens: 6) with { Sampling = new SamplingParams { Seed = (ulong)i } })];
        Sequence[] group = rig.AddGroup(requests);
        rig.Step(); // the first of two chunks is through
        rig.Scheduler.End(group[0], FinishReason.Aborted);
        Assert.Null(rig.EndingOf(group[0]));
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Aborted, rig.EndingOf(group[0]));
        for (int i = 1; i < 3; i++) rig.AssertAsAlone(group[i], requests[i]);
        Assert.Equal(6 + 2 * 5, rig.ComputedCount); // the prompt once
    }

    [Fact]
    public void Schedule_NoBlockLeft_TakesNoneAwayAsLongAsAStepIsUnderWay()
    {
        Rig rig = new(Limits(2, blockCount: 4));
        GenerationRequest first = Rig.Request(7, maxTokens: 8), second = Rig.Request(7, maxTokens: 2, firstToken: 300);
        Sequence[] sequences = [rig.Add(first), rig.Add(second)];
        rig.StepUntilIdle();
        rig.AssertAsAlone(sequences[0], first);
        rig.AssertAsAlone(sequences[1], second);
        Assert.Equal(0, rig.Scheduler.PreemptionCount); // the second ends with what is under way
    }

    private static ModelLimits Limits(int steps, int blockCount) => new(VocabSize: 1000, ContextLength: 100, BlockSize: 4, blockCount) { StepsUnderWay = steps };

    private static Rig RigOf(int steps) => new(Limits(steps, blockCount: 100), new SchedulerOptions { MaxBatchTokens = 32 });
}
