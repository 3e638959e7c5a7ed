namespace Llama.Scheduling.Tests;

/// <summary>What must hold of every step, whatever was asked for: made before it is put together, asked before it is begun.</summary>
internal sealed class StepLaws
{
    private readonly Scheduler _scheduler;
    private readonly Sequence[] _running, _waiting; // before, in order of rank
    private readonly long _preemptionCount;

    public StepLaws(Scheduler scheduler)
    {
        Sequence[] live = [.. scheduler.Live];
        _scheduler = scheduler;
        _running = [.. live.Where(sequence => sequence.State == SequenceState.Running).Order(SequenceRank.Instance)];
        _waiting = [.. live.Where(sequence => sequence.State == SequenceState.Waiting)];
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

    /// <summary>Nobody starves: of those that decode, and of those that have more to compute, the first have their share, and the very first always has.</summary>
    public void CheckShares(Step step)
    {
        Sequence[] eligible = [.. _running.Where(sequence => sequence is { State: SequenceState.Running, OutstandingCount: > 0, IsEndingLate: false })];
        CheckShare(step, [.. eligible.Where(sequence => sequence.OutstandingCount == 1)]);
        CheckShare(step, [.. eligible.Where(sequence => sequence.OutstandingCount > 1).OrderBy(sequence => sequence.Urgency)]);
    }

    /// <summary>Nobody is admitted in a step that preempted, nor before one of those that wait with a smaller priority.</summary>
    public void CheckAdmissions(Step step)
    {
        Sequence[] admitted = [.. step.Sequences.Intersect(_waiting)];
        Assert.False(HasPreempted && admitted.Length > 0, "A step that preempted admitted.");
        Sequence[] left = [.. _waiting.Where(sequence => sequence.State == SequenceState.Waiting)];
        Assert.All(admitted, sequence => Assert.DoesNotContain(left, other => other.Priority < sequence.Priority));
    }

    private static void CheckShare(Step step, Sequence[] inOrder)
    {
        int count = inOrder.Count(sequence => sequence.ScheduledCount > 0);
        Assert.True(count > 0 || inOrder.Length == 0, "The first in rank has no share of the step.");
        Assert.All(inOrder[..count], sequence => Assert.Contains(sequence, step.Sequences));
    }
}
