using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Llama.Scheduling.Frames;
using Llama.Scheduling.Metrics;
using Llama.Scheduling.Sequences;
using Llama.Scheduling.Steps;
using Llama.Scheduling.Tracing;

namespace Llama.Scheduling;

/// <summary>
/// Tells everybody outside the engine's thread what a turn did: callers, metrics, counters, the trace. Callers that wait are woken at once when theirs is a first or a last token; of those between they are
/// told together when steps follow each other within <see cref="WakePause"/>: threads that are woken for every step of a small model take as much of the processor as the model.
/// </summary>
internal sealed class Reporter(
    Backlog backlog, EngineCounters counters, Lookout lookout, EngineMetrics? metrics, TraceWriter? trace, TimeProvider clock, Action<Exception>? onFailure)
{
    private static readonly TimeSpan WakePause = TimeSpan.FromMilliseconds(0.5);

    private readonly WakeUps _wakeUps = new();
    private bool _isWakeDue; // for what the last step did
    private long _wokenAt;
    private long _stepCount;
    private long _preemptionCount;

    public void Scheduled(Step step, Scheduler scheduler)
    {
        // Before the step runs: one that hangs must not hide who is in it.
        counters.Publish(scheduler, _stepCount);
        backlog.Admit(step.Admitted);
        foreach (Sequence sequence in step.Admitted)
        {
            if (sequence.IsProbe) continue;
            lookout.Admitted(sequence);
            metrics?.Admitted(sequence);
        }
    }

    public void Ran(StepUnderWay step, TimeSpan duration)
    {
        _stepCount++;
        backlog.ObserveStep(step.Batch.TokenCount, duration);
        if (step.IsProbe) return;
        lookout.Ran(step, duration);
        metrics?.Ran(step.Batch.TokenCount, duration);
    }

    public void Failed(Exception exception)
    {
        _stepCount++;
        onFailure?.Invoke(exception);
    }

    public void Committed(Scheduler scheduler)
    {
        // Counters first: whoever reads a last event finds its blocks given back.
        counters.Publish(scheduler, _stepCount);
        backlog.FreeSlots = scheduler.FreeSlots;
        metrics?.Preempted(scheduler.PreemptionCount - _preemptionCount);
        _preemptionCount = scheduler.PreemptionCount;
        Span<Outcome> outcomes = CollectionsMarshal.AsSpan(scheduler.Outcomes);
        Publish(outcomes);
        _isWakeDue |= !CanWait(outcomes);
        scheduler.ClearOutcomes();
    }

    /// <summary>The next step is laid out: from here on this thread leaves the sequences alone, and whoever waits for a token may read.</summary>
    public void Begun()
    {
        if (_isWakeDue) Wake();
    }

    /// <summary>Lets those who want to look do so.</summary>
    public void Show(Scheduler scheduler) => lookout.Answer(scheduler, counters);

    /// <summary>Tells of each, then wakes those who waited to be told, unless that can wait for the next step.</summary>
    public void Report(ReadOnlySpan<Outcome> outcomes)
    {
        Publish(outcomes);
        if (!CanWait(outcomes)) Wake();
    }

    /// <summary>Wakes those who still wait: before anything that may take long.</summary>
    public void Wake()
    {
        _isWakeDue = false;
        if (_wakeUps.IsEmpty) return;
        _wakeUps.Send();
        _wokenAt = clock.GetTimestamp();
    }

    /// <summary>Whether those who waited for one of these may wait for the next step to be woken.</summary>
    private bool CanWait(ReadOnlySpan<Outcome> outcomes)
    {
        if (clock.GetElapsedTime(_wokenAt) is not { Ticks: > 0 } since || since >= WakePause) return false; // a clock that stands tells nothing
        foreach (ref readonly Outcome outcome in outcomes)
            if (outcome is not { Number: > 1, Finish: null }) return false;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // before the runtime would do it: tests/Bench/NOTES.md, "Scheduler"
    private void Publish(ReadOnlySpan<Outcome> outcomes)
    {
        foreach (ref readonly Outcome outcome in outcomes)
        {
            if (outcome.Fault is { } fault) onFailure?.Invoke(fault);
            if (outcome.Token is not null && !outcome.Sequence.IsProbe) Generated(outcome);
            if (outcome.Finish is { } reason) SequenceEnded(outcome.Sequence, reason);
            if (outcome.Sequence.Reader is { } reader && reader.Publish(outcome)) _wakeUps.Add(reader);
        }
    }

    /// <summary>The engine serves no more.</summary>
    public void EngineEnded()
    {
        counters.Clear();
        Wake();
    }

    private void Generated(in Outcome outcome)
    {
        lookout.Generated(outcome);
        metrics?.Generated(outcome);
    }

    private void SequenceEnded(Sequence sequence, FinishReason reason)
    {
        if (sequence.AdmittedAt is null) backlog.Leave(sequence);
        if (sequence.IsProbe) return;
        lookout.Ended();
        if (reason is FinishReason.Stop or FinishReason.Completed or FinishReason.Length) backlog.ObserveOutput(sequence);
        metrics?.Ended(sequence, reason);
        trace?.Write(sequence);
    }
}
