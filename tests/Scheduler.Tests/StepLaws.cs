using Llama.Scheduling.Sequences;
using Llama.Scheduling.Steps;

namespace Llama.Scheduling.Tests;

/// <summary>What must hold of every step, whatever was asked for: made before it is put together, asked before it is begun.</summary>
internal sealed class StepLaws
{
    private readonly Scheduler _scheduler;
    private readonly Sequence[] _running; // before, in order of rank
    private readonly Dictionary<Sequence, (int Priority, bool IsNew, long Id)> _waiting; // before; their places in the queue, as far as they are certain
    private readonly long _preemptionCount;
    private readonly int _spreadFrom; // sequences that decode

    public StepLaws(Scheduler scheduler, int spreadFrom)
    {
        Sequence[] live = [.. scheduler.Live];
        (_scheduler, _spreadFrom) = (scheduler, spreadFrom);
        _running = [.. live.Where(sequence => sequence.State == SequenceState.Running).Order(SequenceRank.Instance)];
        _waiting = live.Where(sequence => sequence.State == SequenceState.Waiting).ToDictionary(sequence => sequence, PlaceOf);
        _preemptionCount = scheduler.PreemptionCount;
    }

    private bool HasPreempted => _scheduler.PreemptionCount > _preemptionCount;

    /// <summary>Nobody gives way while a step is under way, and nobody does before those behind it in rank.</summary>
    public void CheckPreemptions()
    {
        Assert.False(HasPreempted && _scheduler.UnderWayCount > 0, "Somebody had to give way while a step was under way.");
        Sequence[] left = [.. _running.Where(sequence => sequence.State != SequenceState.Finished)];
        int victims = left.Count(sequence => sequence.State == SequenceState.Waiting);
        Assert.Equal(_scheduler.PreemptionCount - _preemptionCount, victims);
        Assert.All(left[^victims..], sequence => Assert.Equal(SequenceState.Waiting, sequence.State));
    }

    /// <summary>Nobody starves: of those that decode, and of those that have more to compute, the first have their share, and the very first always has. Only where few decode do they wait for each other, and then all of them.</summary>
    public void CheckShares(Step step)
    {
        Sequence[] eligible = [.. _running.Where(sequence => sequence is { State: SequenceState.Running, OutstandingCount: > 0, IsEndingLate: false })];
        Sequence[] decoding = [.. eligible.Where(sequence => sequence.OutstandingCount == 1)];
        if (WaitForEachOther) Assert.DoesNotContain(decoding, step.Sequences.Contains);
        else CheckShare(step, decoding);
        CheckShare(step, [.. eligible.Where(sequence => sequence.OutstandingCount > 1).OrderBy(sequence => sequence.Urgency)]);
    }

    /// <summary>Nobody is admitted in a step that preempted, nor before one of those that wait with a smaller priority, or with the same and ran before, the older first.</summary>
    public void CheckAdmissions(Step step)
    {
        Sequence[] admitted = [.. step.Sequences.Where(_waiting.ContainsKey)];
        Assert.False(HasPreempted && admitted.Length > 0, "A step that preempted admitted.");
        Sequence[] left = [.. _waiting.Keys.Where(sequence => sequence.State == SequenceState.Waiting)];
        Assert.All(admitted, sequence => Assert.DoesNotContain(left, other => _waiting[other].CompareTo(_waiting[sequence]) < 0));
    }

    private bool WaitForEachOther
    {
        get
        {
            Sequence[] decoding = [.. _running.Where(sequence => sequence is { State: SequenceState.Running, OutstandingCount: <= 1 })];
            return decoding.Length < _spreadFrom && decoding.Any(sequence => sequence is { UnderWayCount: > 0, GeneratedCount: > 0 });
        }
    }

    private static (int Priority, bool IsNew, long Id) PlaceOf(Sequence waiting) =>
        (waiting.Request.Priority, waiting.QueueNode is not null, waiting.QueueNode is null ? waiting.Id : 0); // among new ones the keys take turns

    private static void CheckShare(Step step, Sequence[] inOrder)
    {
        int count = inOrder.Count(sequence => sequence.ScheduledCount > 0);
        Assert.True(count > 0 || inOrder.Length == 0, "The first in rank has no share of the step.");
        Assert.All(inOrder[..count], sequence => Assert.Contains(sequence, step.Sequences));
    }
}
