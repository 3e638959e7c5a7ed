using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Scheduling.Steps;

namespace Llama.Scheduling;

/// <summary>The engine's thread at work. Everything here, and all it holds, belongs to that thread alone.</summary>
internal sealed class EngineLoop
{
    private readonly IModelRunner _runner;
    private readonly TimeProvider _clock;
    private readonly Inbox _inbox;
    private readonly Backlog _backlog;
    private readonly Reporter _reporter;
    private readonly Scheduler _scheduler;
    private readonly StepUnderWay[] _underWay; // in turn
    private readonly SampledToken[] _sampled;
    private readonly ScoredToken[] _scored;
    private long _begunCount, _finishedCount;
    private long _finishedAt; // the last one

    public EngineLoop(IModelRunner runner, SchedulerOptions options, TimeProvider clock, Inbox inbox, Backlog backlog, Reporter reporter)
    {
        (_runner, _clock, _inbox, _backlog, _reporter) = (runner, clock, inbox, backlog, reporter);
        int maxTokens = options.MaxBatchTokens ?? runner.Limits.BatchTokens;
        _scheduler = new Scheduler(runner.Limits, options, clock);
        _underWay = [.. Enumerable.Range(0, runner.Limits.StepsUnderWay).Select(_ => new StepUnderWay(new BatchBuilder(runner.Limits, maxTokens, options.MaxSequences)))];
        (_sampled, _scored) = (new SampledToken[options.MaxSequences], new ScoredToken[maxTokens]);
        _reporter.Committed(_scheduler);
    }

    /// <summary>Turns until the engine has drained, stops, or fails; then ends all that is left.</summary>
    public void Run(EngineLife life)
    {
        try
        {
            while (WaitForWork(life)) Turn();
        }
        finally
        {
            _inbox.Close();
            End();
        }
    }

    /// <summary>Admit; schedule and begin as many steps as may be under way; finish the oldest, commit.</summary>
    public void Turn()
    {
        Admit();
        while (_scheduler.MayBegin && TryBegin()) { }
        _reporter.Begun();
        if (_scheduler.UnderWayCount > 0)
        {
            if (TryFinish(out ReadOnlySpan<SampledToken> sampled, out ReadOnlySpan<ScoredToken> scored)) _scheduler.Commit(sampled, scored);
            else _scheduler.Fail();
        }
        _reporter.Committed(_scheduler);
        _reporter.Show(_scheduler);
    }

    /// <summary>Sleeps while there is nothing to do. False when there will be nothing more.</summary>
    private bool WaitForWork(EngineLife life)
    {
        while (!life.IsStopping && !HasWork())
        {
            // Who is let in and has not come yet is in the backlog; who enters that from now on sees the state once more, and leaves.
            if (life.State == EngineState.Draining && _backlog.Length == 0) return false;
            _reporter.Wake();
            _inbox.Wait();
        }
        return !life.IsStopping;
    }

    private bool HasWork() => _scheduler.HasWork || !_inbox.IsEmpty;

    private void Admit()
    {
        while (_inbox.TryTake(out Message message))
        {
            if (message.Kind == MessageKind.Submit) _scheduler.Add(message.Sequence!);
            if (message.Kind == MessageKind.Abort) _scheduler.End(message.Sequence!, FinishReason.Aborted);
        }
    }

    /// <summary>False when there is nothing that a step could compute now: all who were here left or ran out of time, or wait for what is under way.</summary>
    private bool TryBegin()
    {
        Step step = _scheduler.Schedule(admits: !_runner.IsAhead);
        _reporter.Scheduled(step, _scheduler);
        if (step.TokenCount == 0) return false;
        if (step.PromptTokenCount > 0) _reporter.Wake();
        StepUnderWay begun = _underWay[_begunCount++ % _underWay.Length];
        begun.Take(step, mayRunAhead: _runner.Limits.RunsAhead && _scheduler.WaitingCount == 0 && _inbox.IsEmpty, _clock.GetTimestamp());
        _scheduler.Begin();
        begun.Begin(_runner);
        return true;
    }

    private bool TryFinish(out ReadOnlySpan<SampledToken> sampled, out ReadOnlySpan<ScoredToken> scored)
    {
        StepUnderWay oldest = _underWay[_finishedCount++ % _underWay.Length];
        Span<SampledToken> drawn = _sampled.AsSpan(0, oldest.Batch.SampleCount);
        Span<ScoredToken> scores = _scored.AsSpan(0, oldest.Batch.Scores.Count);
        sampled = drawn;
        scored = scores;
        try
        {
            oldest.Finish(_runner, drawn, scores);
        }
        catch (Exception exception) when (exception is not RunnerLostException)
        {
            // Whatever else the model throws concerns the requests of this step; the next ones may fare better.
            _reporter.Failed(exception);
            _finishedAt = _clock.GetTimestamp();
            return false;
        }
        // Of steps under way together each has the time since the one before it: what they take one by one.
        long start = Math.Max(oldest.BegunAt, _finishedAt);
        _finishedAt = _clock.GetTimestamp();
        _reporter.Ran(oldest, _clock.GetElapsedTime(start, _finishedAt));
        return true;
    }

    /// <summary>Touches no block, for the scheduler may be what failed.</summary>
    private void End()
    {
        while (_inbox.TryTake(out Message message))
            if (message.Kind == MessageKind.Submit) _scheduler.Add(message.Sequence!); // those whose callers left end with the rest
        _reporter.Committed(_scheduler);
        _reporter.Report([.. _scheduler.Live.Select(sequence => new Outcome(sequence, null, FinishReason.Failed))]);
        _reporter.EngineEnded();
    }
}
