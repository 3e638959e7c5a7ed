using Llama.Model;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tests;

/// <summary>What is found again, shared and evicted. Blocks hold four tokens.</summary>
public sealed class PrefixCacheTests
{
    [Fact]
    public void Admit_EveryBlockCached_StillComputesOneToken()
    {
        Rig rig = Rig.WithBlocks(10);
        GenerationRequest request = Rig.Request(8, maxTokens: 2);
        rig.Add(request);
        rig.StepUntilIdle();
        Sequence again = rig.Add(request);
        rig.Step();
        Assert.Equal(4, again.CachedTokenCount);
        Assert.Equal([new(again, 4)], rig.LastStep);
        rig.StepUntilIdle();
        rig.AssertAsAlone(again, request);
    }

    [Fact]
    public void Admit_PrefixCachedButTooLittleRoom_PinsNothing()
    {
        Rig rig = Rig.WithBlocks(6);
        rig.Add(Rig.Request(13, maxTokens: 1, firstToken: 200));
        rig.StepUntilIdle(); // leaves three cached blocks
        Sequence running = rig.Add(Rig.Request(10, maxTokens: 14));
        rig.Step();
        Sequence waiting = rig.Add(Rig.Request(17, maxTokens: 2, firstToken: 200)); // finds three blocks and needs two more: there are none
        while (rig.EndingOf(running) is null)
        {
            rig.Step();
            Assert.Equal([new(running, 1)], rig.LastStep);
        }
        Assert.Equal(0, rig.Scheduler.PreemptionCount);
        rig.StepUntilIdle();
        Assert.Equal(FinishReason.Length, rig.EndingOf(waiting));
    }

    [Fact]
    public void Admit_NoRoomBehindALongPrefix_DoesNotLookItUpAtEveryStep()
    {
        Rig rig = Rig.WithBlocks(46);
        Sequence running = rig.Add(Rig.Request(161, maxTokens: 20));
        rig.Step();
        GenerationRequest request = new() { PromptTokenIds = [.. Enumerable.Range(100, 160), .. Enumerable.Range(500, 23)], MaxTokens = 1 };
        Sequence waiting = rig.Add(request);
        rig.Step(); // finds forty blocks and needs six more: there are five
        long hashedCount = rig.Scheduler.Blocks.HashedCount;
        while (rig.EndingOf(running) is null) rig.Step();
        Assert.InRange(rig.Scheduler.Blocks.HashedCount - hashedCount, 0, 40); // one for each step and each block that is sealed
        Assert.Null(waiting.AdmittedAt);
        rig.StepUntilIdle();
        Assert.Equal(160, waiting.CachedTokenCount);
        rig.AssertAsAlone(waiting, request);
    }

    [Fact]
    public void Seal_LongSequence_HashesEachBlockOnce()
    {
        Rig rig = Rig.WithBlocks(200);
        rig.Add(Rig.Request(1, maxTokens: 700));
        rig.StepUntilIdle();
        Assert.Equal(700 / 4, rig.Scheduler.Blocks.HashedCount);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(0)] // every hash collides
    public void Admit_SameBlockAfterAnotherPrefix_IsNotFound(ulong hashMask)
    {
        Rig rig = Rig.WithBlocks(20, hashMask: hashMask);
        rig.Add(new GenerationRequest { PromptTokenIds = [1, 1, 1, 1, 5, 6, 7, 8, 9], MaxTokens = 1 });
        rig.StepUntilIdle();
        GenerationRequest request = new() { PromptTokenIds = [2, 2, 2, 2, 5, 6, 7, 8, 9], MaxTokens = 4 };
        Sequence other = rig.Add(request);
        rig.StepUntilIdle();
        Assert.Equal(0, other.CachedTokenCount);
        rig.AssertAsAlone(other, request);
    }

    [Fact]
    public void Admit_OtherSalt_FindsNothing()
    {
        Rig rig = Rig.WithBlocks(20);
        GenerationRequest request = Rig.Request(17, maxTokens: 1) with { CacheSalt = 1 };
        rig.Add(request);
        rig.StepUntilIdle();
        Sequence other = rig.Add(request with { CacheSalt = 2 });
        Sequence same = rig.Add(request);
        rig.StepUntilIdle();
        Assert.Equal(0, other.CachedTokenCount);
        Assert.Equal(16, same.CachedTokenCount);
    }

    [Fact]
    public void Admit_CacheOff_FindsNothing()
    {
        Rig rig = Rig.WithBlocks(20, new SchedulerOptions { PrefixCache = false });
        rig.Add(Rig.Request(17, maxTokens: 1));
        rig.StepUntilIdle();
        Sequence again = rig.Add(Rig.Request(17, maxTokens: 1));
        rig.StepUntilIdle();
        Assert.Equal(0, again.CachedTokenCount);
        Assert.Equal(0, rig.Scheduler.Blocks.CachedCount);
    }

    [Fact]
    public void Seal_SameBlockFilledTwiceAtOnce_IsKeptOnce()
    {
        Rig rig = Rig.WithBlocks(20);
        GenerationRequest request = Rig.Request(3, maxTokens: 8); // too short to be found, and greedy: both draw the same
        Sequence[] twins = [rig.Add(request), rig.Add(request)];
        for (int i = 0; i < 7; i++) rig.Step();
        Assert.Equal(2 + 2, rig.Scheduler.Blocks.UsedCount); // two full ones shared, one each to write to
        rig.StepUntilIdle();
        foreach (Sequence twin in twins) rig.AssertAsAlone(twin, request);
    }

    [Fact]
    public void Admit_SamePromptManyTimesAtOnce_IsComputedOnce()
    {
        Rig rig = Rig.WithBlocks(60, new SchedulerOptions { MaxBatchTokens = 16 });
        GenerationRequest request = Rig.Request(41, maxTokens: 3);
        Sequence[] choices = [.. Enumerable.Range(0, 8).Select(i => rig.Add(request with { Sampling = new() { Seed = (ulong)i } }))];
        int tokenCount = 0;
        while (rig.Scheduler.HasWork) tokenCount += rig.Step().Sum(row => row.TokenCount);
        Assert.Equal(40 + (8 * 3), tokenCount); // the prompt's ten blocks once; of each its last token and two of the drawn
        for (int i = 0; i < 8; i++) rig.AssertAsAlone(choices[i], request with { Sampling = new() { Seed = (ulong)i } });
    }

    [Fact]
    public void Eviction_WithinOneSequence_TakesTheTailBeforeTheHead()
    {
        Rig rig = Rig.WithBlocks(6);
        rig.Add(Rig.Request(21, maxTokens: 1));
        rig.StepUntilIdle(); // five cached, one free
        rig.Add(Rig.Request(9, maxTokens: 1, firstToken: 300));
        rig.StepUntilIdle(); // took the free one and two cached
        Sequence again = rig.Add(Rig.Request(21, maxTokens: 1));
        rig.StepUntilIdle();
        Assert.Equal(12, again.CachedTokenCount);
    }

    [Fact]
    public void Eviction_TakesTheOldestPrefix()
    {
        Rig rig = Rig.WithBlocks(6);
        GenerationRequest used = Rig.Request(9, maxTokens: 1), unused = Rig.Request(9, maxTokens: 1, firstToken: 200);
        foreach (GenerationRequest request in new[] { used, unused, used, Rig.Request(13, maxTokens: 1, firstToken: 300) })
        {
            rig.Add(request);
            rig.StepUntilIdle();
        }
        Sequence usedAgain = rig.Add(used);
        rig.StepUntilIdle();
        Assert.Equal(8, usedAgain.CachedTokenCount);
        Sequence unusedAgain = rig.Add(unused);
        rig.StepUntilIdle();
        Assert.Equal(0, unusedAgain.CachedTokenCount);
    }

    [Fact]
    public void CheckIntegrity_LostHolder_Throws()
    {
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 64, BlockSize: 4, BlockCount: 16);
        BlockManager blocks = new(limits);
        Sequence sequence = new(1, Rig.Request(9, maxTokens: 1), arrival: 0);
        Assert.True(blocks.TryAdmit(sequence, new RankedList(0)));
        blocks.CheckIntegrity([sequence]);
        Assert.Throws<InvalidOperationException>(() => blocks.CheckIntegrity([]));
    }
}
