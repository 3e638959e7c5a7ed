using Llama.Model;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tests;

/// <summary>How a step's budget is spent, and how sequences end. Blocks hold four tokens.</summary>
public sealed class SchedulerTests
{
    [Fact]
    public void Schedule_LongPrompt_IsComputedInChunks()
    {
        Rig rig = Rig.WithBlocks(10, new SchedulerOptions { MaxBatchTokens = 8 });
        GenerationRequest request = Rig.Request(20, maxTokens: 2);
        Sequence sequence = rig.Add(request);
        List<int> chunks = [];
        while (rig.Scheduler.HasWork) chunks.AddRange(rig.Step().Select(row => row.TokenCount));
        Assert.Equal([8, 8, 4, 1], chunks);
        rig.AssertAsAlone(sequence, request);
    }

    [Fact]
    public void Schedule_LongPromptBesideDecoding_NeverStarvesIt()
    {
        Rig rig = Rig.WithBlocks(30, new SchedulerOptions { MaxBatchTokens = 4 });
        Sequence prefilling = rig.Add(Rig.Request(60, maxTokens: 1) with { Priority = 0 });
        Sequence decoding = rig.Add(Rig.Request(1, maxTokens: 30, firstToken: 200) with { Priority = -1 });
        while (rig.Scheduler.HasWork && decoding.State != SequenceState.Finished)
        {
            rig.Step();
            Assert.Contains(new(decoding, 1), rig.LastStep);
        }
        Assert.Equal(FinishReason.Length, rig.EndingOf(prefilling));
    }

    [Fact]
    public void Schedule_MoreSequencesThanBudget_RunsOnlyAsManyAsItCanServeEachStep()
    {
        Rig rig = Rig.WithBlocks(20, new SchedulerOptions { MaxBatchTokens = 3, MaxSequences = 100 });
        for (int i = 0; i < 6; i++) rig.Add(Rig.Request(1, maxTokens: 5, firstToken: 10 * i));
        rig.Step();
        Assert.Equal(3, rig.Scheduler.RunningCount);
        rig.Step();
        Assert.Equal(3, rig.LastStep.Count);
    }

    [Fact]
    public void Schedule_Priorities_SmallerGoesFirst()
    {
        Rig rig = Rig.WithBlocks(10, new SchedulerOptions { MaxSequences = 1 });
        Sequence late = rig.Add(Rig.Request(3, maxTokens: 1) with { Priority = 1 });
        Sequence soon = rig.Add(Rig.Request(3, maxTokens: 1) with { Priority = -1 });
        Sequence middle = rig.Add(Rig.Request(3, maxTokens: 1));
        Sequence[] order = [.. Enumerable.Range(0, 3).Select(_ => rig.Step().Single().Sequence)];
        Assert.Equal([soon, middle, late], order);
    }

    [Fact]
    public void Schedule_FirstWaitingDoesNotFit_SmallerOnesDoNotPassIt()
    {
        Rig rig = Rig.WithBlocks(4);
        rig.Add(Rig.Request(9, maxTokens: 2));
        rig.Step();
        Sequence large = rig.Add(Rig.Request(8, maxTokens: 2, firstToken: 200));
        Sequence small = rig.Add(Rig.Request(1, maxTokens: 2, firstToken: 300));
        rig.Step();
        Assert.Equal(SequenceState.Waiting, small.State);
        rig.Step();
        Assert.Equal([large, small], rig.LastStep.Select(row => row.Sequence));
    }

    [Fact]
    public void Commit_StopToken_IsTheLastTokenAndEndsTheSequence()
    {
        Rig rig = new(new ModelLimits(1000, 64, 4, 16), model: new() { StopTokenId = 2, StopAfter = 3 });
        Sequence sequence = rig.Add(Rig.Request(5, maxTokens: 20) with { Sampling = new() { StopTokenIds = [9, 2] } });
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Stop, rig.EndingOf(sequence));
        Assert.Equal(4, rig.OutputOf(sequence).Count);
        Assert.Equal(2, rig.OutputOf(sequence)[^1]);
    }

    [Fact]
    public void Deadline_WhileWaiting_EndsTheSequence()
    {
        Rig rig = Rig.WithBlocks(10, new SchedulerOptions { MaxSequences = 1 });
        rig.Add(Rig.Request(3, maxTokens: 30));
        Sequence waiting = rig.Add(Rig.Request(3, maxTokens: 30) with { Timeout = TimeSpan.FromSeconds(1) });
        rig.Step();
        Assert.Null(rig.EndingOf(waiting));
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.Step();
        Assert.Equal(FinishReason.Deadline, rig.EndingOf(waiting));
        Assert.Equal(0, rig.Scheduler.WaitingCount);
    }

    [Fact]
    public void Deadline_WhileRunning_KeepsWhatWasDrawnAndGivesTheBlocksBack()
    {
        Rig rig = Rig.WithBlocks(10);
        GenerationRequest request = Rig.Request(3, maxTokens: 30) with { Timeout = TimeSpan.FromSeconds(1) };
        Sequence sequence = rig.Add(request);
        rig.Step();
        rig.Step();
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.Step();
        Assert.Equal(FinishReason.Deadline, rig.EndingOf(sequence));
        Assert.Equal(2, rig.OutputOf(sequence).Count);
        rig.AssertAsAlone(sequence, request);
        Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
    }

    [Fact]
    public void End_RunningSequence_GivesItsBlocksBackBeforeTheNextStep()
    {
        Rig rig = Rig.WithBlocks(4);
        Sequence running = rig.Add(Rig.Request(12));
        Sequence waiting = rig.Add(Rig.Request(12, firstToken: 200));
        rig.Step();
        rig.Scheduler.End(running, FinishReason.Aborted);
        rig.Step();
        Assert.Equal([new(waiting, 12)], rig.LastStep);
    }

    [Fact]
    public void End_FinishedSequence_DoesNothing()
    {
        Rig rig = Rig.WithBlocks(4);
        Sequence sequence = rig.Add(Rig.Request(2, maxTokens: 1));
        rig.StepUntilIdle();
        rig.Scheduler.End(sequence, FinishReason.Aborted);
        Assert.Empty(rig.Scheduler.Outcomes);
        Assert.Equal(FinishReason.Length, rig.EndingOf(sequence));
    }

    [Fact]
    public void Fail_EndsTheSequencesOfTheStepAndNoOthers()
    {
        Rig rig = Rig.WithBlocks(8, new SchedulerOptions { MaxSequences = 1 });
        Sequence touched = rig.Add(Rig.Request(5));
        GenerationRequest request = Rig.Request(5, maxTokens: 4, firstToken: 200);
        Sequence untouched = rig.Add(request);
        rig.Step(fails: true);
        Assert.Equal(FinishReason.Failed, rig.EndingOf(touched));
        Assert.Equal(0, rig.Scheduler.Blocks.UsedCount);
        rig.StepUntilIdle();
        rig.AssertAsAlone(untouched, request);
    }
}
