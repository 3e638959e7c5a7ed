using Llama.Model;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tests;

/// <summary>What a full or slow queue tells those who come.</summary>
public sealed class BacklogTests
{
    private static readonly ModelLimits Limits = new(VocabSize: 1000, ContextLength: 1000, BlockSize: 4, BlockCount: 250);

    [Fact]
    public void TryEnter_FullQueue_IsRefusedUntilOneLeaves()
    {
        Backlog backlog = new(maxLength: 2);
        Gate gate = GateBefore(backlog, new SchedulerOptions { MaxQueueLength = 2 });
        Assert.Null(gate.TryEnter([Rig.Request(10, maxTokens: 10)]));
        Assert.Null(gate.TryEnter([Rig.Request(10, maxTokens: 10)]));
        Assert.Equal(new Refusal(RefusalReason.QueueFull, 2, TimeSpan.FromSeconds(1)), gate.TryEnter([Rig.Request(10, maxTokens: 10)]));
        backlog.Leave(new Sequence(1, Rig.Request(10, maxTokens: 10), arrival: 0));
        Assert.Null(gate.TryEnter([Rig.Request(10, maxTokens: 10)]));
    }

    [Fact]
    public void TryEnter_FreeSlots_AreRoomUntilTheyAreTaken()
    {
        Backlog backlog = new(maxLength: 1) { FreeSlots = 2 };
        GenerationRequest request = Rig.Request(10, maxTokens: 10);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => backlog.TryEnter([request])));
        backlog.Admit([new Sequence(1, request, arrival: 0), new Sequence(2, request, arrival: 0)]);
        Assert.Equal(1, backlog.Length);
        Assert.False(backlog.TryEnter([request])); // who was let in has taken a slot
        backlog.FreeSlots = 1;
        Assert.True(backlog.TryEnter([request]));
    }

    [Fact]
    public void TryEnter_ManySubmittersAtOnce_ExactlyAsManyAsThereArePlacesEnter()
    {
        Backlog backlog = new(maxLength: 100);
        GenerationRequest request = Rig.Request(10, maxTokens: 10);
        int entered = 0;
        Parallel.For(0, 1000, _ =>
        {
            if (backlog.TryEnter([request])) Interlocked.Increment(ref entered);
        });
        Assert.Equal((100, 100), (entered, backlog.Length));
    }

    [Fact]
    public void RetryAfter_IsTheTimeTheQueueTakesAtTheMeasuredRate()
    {
        Backlog backlog = new(maxLength: 10);
        for (int i = 0; i < 5; i++) backlog.TryEnter([Rig.Request(100, maxTokens: 400)]);
        Assert.Equal(TimeSpan.FromSeconds(1), backlog.RetryAfter()); // nothing measured yet
        backlog.ObserveStep(tokenCount: 50, TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(5 * 100 / 50), backlog.RetryAfter()); // prompts alone, until outputs were seen
        backlog.ObserveOutput(Finished(maxTokens: 8, generated: 2));
        Assert.Equal(TimeSpan.FromSeconds(5 * (100 + 100) / 50), backlog.RetryAfter());
    }

    [Fact]
    public void TryEnter_DeadlineBeforeTheQueueIsThrough_IsRefused()
    {
        Backlog backlog = new(maxLength: 10);
        Gate gate = GateBefore(backlog, new SchedulerOptions());
        Assert.Null(gate.TryEnter([Rig.Request(500, maxTokens: 1)]));
        backlog.ObserveStep(tokenCount: 50, TimeSpan.FromSeconds(1));
        Refusal? refusal = gate.TryEnter([Rig.Request(1, maxTokens: 1) with { Timeout = TimeSpan.FromSeconds(9) }]);
        Assert.Equal(new Refusal(RefusalReason.Deadline, RetryAfter: TimeSpan.FromSeconds(10)), refusal);
        Assert.Null(gate.TryEnter([Rig.Request(1, maxTokens: 1) with { Timeout = TimeSpan.FromSeconds(11) }]));
        Assert.Null(gate.TryEnter([Rig.Request(1, maxTokens: 1)]));
    }

    [Fact]
    public void ObserveStep_NobodyWaiting_SaysNothingAboutTheRate()
    {
        Backlog backlog = new(maxLength: 10);
        backlog.ObserveStep(tokenCount: 1, TimeSpan.FromSeconds(1));
        backlog.TryEnter([Rig.Request(500, maxTokens: 1)]);
        Assert.False(backlog.Outlasts(TimeSpan.FromSeconds(1)));
    }

    private static Sequence Finished(int maxTokens, int generated)
    {
        Sequence sequence = new(1, Rig.Request(1, maxTokens), arrival: 0);
        sequence.Reserve(blockCount: 10);
        for (int i = 0; i < generated; i++) sequence.Append(5);
        return sequence;
    }

    /// <summary>That of an engine that is ready.</summary>
    private static Gate GateBefore(Backlog backlog, SchedulerOptions options)
    {
        EngineLife life = new();
        Gate gate = new(life, options, backlog);
        gate.Open(Limits);
        life.BeginServing(Limits);
        return gate;
    }
}
