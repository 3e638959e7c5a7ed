using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tests;

/// <summary>What happens when the pool runs out. Blocks hold four tokens.</summary>
public sealed class PreemptionTests
{
    [Fact]
    public void Schedule_Victim_LeavesTheStepAndItsBudgetComesBack()
    {
        Rig rig = Rig.WithBlocks(13, new SchedulerOptions { MaxBatchTokens = 8 });
        Sequence oldest = rig.Add(Rig.Request(2));
        Sequence youngest = rig.Add(Rig.Request(3, firstToken: 300) with { Priority = 2 });
        rig.Step();
        Sequence prefilling = rig.Add(Rig.Request(44, firstToken: 200) with { Priority = 1 });
        rig.Step(); // oldest has 4 tokens computed, the pool is full, and the long prompt is far from done
        Assert.Equal([new(oldest, 1), new(youngest, 1), new(prefilling, 6)], rig.LastStep);
        rig.Step();
        Assert.Equal([new(oldest, 1), new(prefilling, 7)], rig.LastStep);
        Assert.Equal(SequenceState.Waiting, youngest.State);
    }

    [Fact]
    public void Schedule_StepThatPreempted_AdmitsNothing()
    {
        Rig rig = Rig.WithBlocks(4);
        Sequence first = rig.Add(Rig.Request(7));
        Sequence second = rig.Add(Rig.Request(7, firstToken: 200));
        rig.Step();
        rig.Step();
        Sequence small = rig.Add(Rig.Request(1, firstToken: 300) with { Priority = -1 }); // would fit into what the victim leaves
        rig.Step();
        Assert.Equal([new(first, 1)], rig.LastStep);
        Assert.Equal(SequenceState.Waiting, second.State);
        Assert.Equal(SequenceState.Waiting, small.State);
        rig.Step();
        Assert.Contains(new(small, 1), rig.LastStep);
    }

    [Fact]
    public void Schedule_OneVictimIsNotEnough_TakesTheNextUntilTheStepFits()
    {
        Rig rig = Rig.WithBlocks(4);
        Sequence[] all = [.. Enumerable.Range(0, 4).Select(i => rig.Add(Rig.Request(i < 2 ? 3 : 1, firstToken: 100 * (i + 1))))];
        rig.Step();
        rig.Step(); // the first two have filled their blocks, and the pool has no other
        rig.Step();
        Assert.Equal([new(all[0], 1), new(all[1], 1)], rig.LastStep);
        Assert.Equal(2, rig.Scheduler.PreemptionCount);
        Assert.All(all[2..], victim => Assert.Equal(SequenceState.Waiting, victim.State));
    }

    [Fact]
    public void Schedule_ManyVictims_GoYoungestFirstAndComeBackOldestFirst()
    {
        Rig rig = Rig.WithBlocks(6);
        Sequence[] all = [.. Enumerable.Range(0, 6).Select(i => rig.Add(Rig.Request(3, maxTokens: 12, firstToken: 100 * (i + 1))))];
        List<Sequence> preempted = [], returned = [];
        while (rig.Scheduler.HasWork)
        {
            HashSet<Sequence> before = [.. all.Where(sequence => sequence.State == SequenceState.Running)];
            rig.Step();
            preempted.AddRange(all.Reverse().Where(sequence => before.Contains(sequence) && sequence.State == SequenceState.Waiting));
            returned.AddRange(all.Where(sequence => !before.Contains(sequence) && rig.LastStep.Exists(row => row.Sequence == sequence)));
        }
        Assert.Equal([all[5], all[4], all[3]], preempted.Take(3));
        Assert.Equal(all, returned.Take(6));
        Assert.Equal(all[3..], returned.Skip(6).Intersect(all[3..]));
        Assert.DoesNotContain(all[0], preempted);
    }

    [Fact]
    public void Schedule_PreemptedSequence_KeepsItsTokensAndGoesFirst()
    {
        Rig rig = Rig.WithBlocks(4);
        GenerationRequest[] requests = [Rig.Request(7, maxTokens: 5), Rig.Request(7, maxTokens: 5, firstToken: 200), Rig.Request(2, maxTokens: 3, firstToken: 300)];
        Sequence[] all = [.. requests.Select(rig.Add)];
        while (rig.Scheduler.PreemptionCount == 0) rig.Step();
        Assert.Equal(SequenceState.Waiting, all[1].State);
        Assert.Equal(2, all[1].GeneratedCount);
        Assert.Equal(all[1], rig.Scheduler.Live.First(sequence => sequence.State == SequenceState.Waiting));
        rig.StepUntilIdle();
        for (int i = 0; i < 3; i++) rig.AssertAsAlone(all[i], requests[i]);
    }

    [Fact]
    public void Schedule_PreemptedSequence_FindsItsOwnBlocksAgain()
    {
        Rig rig = Rig.WithBlocks(8);
        Sequence first = rig.Add(Rig.Request(15, maxTokens: 3));
        Sequence second = rig.Add(Rig.Request(15, maxTokens: 10, firstToken: 200));
        while (rig.Scheduler.PreemptionCount == 0) rig.Step();
        while (second.State == SequenceState.Waiting) rig.Step();
        Assert.Equal(FinishReason.Length, rig.EndingOf(first));
        Assert.True(rig.LastStep.Single().TokenCount < 15, "Nothing of its first run was found.");
        Assert.Equal(0, second.CachedTokenCount); // what it found of its own is no hit of its prompt
    }

    [Fact]
    public void Schedule_SequenceThatFillsThePoolAlone_RunsToItsEnd()
    {
        Rig rig = Rig.WithBlocks(5);
        GenerationRequest request = Rig.Request(9, maxTokens: 11);
        Sequence whole = rig.Add(request);
        Sequence other = rig.Add(Rig.Request(1, maxTokens: 6, firstToken: 200));
        rig.StepUntilIdle();
        rig.AssertAsAlone(whole, request);
        Assert.Equal(FinishReason.Length, rig.EndingOf(whole));
        Assert.Equal(FinishReason.Length, rig.EndingOf(other));
    }
}
