using System.Diagnostics;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Waiting;

namespace Llama.Scheduling;

/// <summary>
/// Decides what each step computes. There are no phases: every sequence has tokens known and tokens computed, and a step spends its token budget moving one
/// towards the other. Pure: no torch, no I/O, time from the clock it is given. A step comes about so:
/// <list type="number">
/// <item>Sequences whose time is up end.</item>
/// <item>Running sequences get their share in the order of their <see cref="Urgency"/>, and among equals of their rank.</item>
/// <item>If the pool has no block for one of them, the youngest gives up its own and waits to be computed again; then 2 starts afresh.</item>
/// <item>If nobody had to give way, waiting ones are admitted with what budget is left.</item>
/// <item>After the step was run, its tokens count as computed, full blocks are sealed, and drawn tokens become known, with those that a guide forces after
/// them, or end their sequence.</item>
/// </list>
/// </summary>
internal sealed class Scheduler
{
    private const int RoundsPerContext = 16; // of the fair queue, until a key may spend the longest possible request

    private readonly TimeProvider _clock;
    private readonly BlockManager _blocks;
    private readonly WaitingQueue _waiting;
    private readonly RankedList _running;
    private readonly Step _step;
    private readonly List<Outcome> _outcomes;
    private readonly int _maxSequences;
    private long _nextDeadline = long.MaxValue; // no live sequence has an earlier one

    public Scheduler(ModelLimits limits, SchedulerOptions options, TimeProvider clock, ulong hashMask = ulong.MaxValue)
    {
        _clock = clock;
        _blocks = new BlockManager(limits, options.PrefixCache, hashMask);
        _waiting = new WaitingQueue(quantum: Math.Max(1, limits.ContextLength / RoundsPerContext));
        // Every running sequence is sure of its decode row, whatever the settings.
        _maxSequences = Math.Min(options.MaxSequences, options.MaxBatchTokens);
        _running = new RankedList(_maxSequences);
        _step = new Step(options.MaxBatchTokens, _maxSequences);
        _outcomes = new List<Outcome>(_maxSequences);
    }

    public int RunningCount => _running.Count;

    public int WaitingCount => _waiting.Count;

    /// <summary>Those of the waiting that were running before.</summary>
    public int PreemptedCount => _waiting.PreemptedCount;

    public bool HasWork => _running.Count + _waiting.Count > 0;

    public BlockManager Blocks => _blocks;

    public long PreemptionCount { get; private set; }

    /// <summary>All sequences that have not ended.</summary>
    public IEnumerable<Sequence> Live => _running.Enumerate().Concat(_waiting.Enumerate());

    /// <summary>What happened since <see cref="ClearOutcomes"/>, in order. Every sequence added has one with an ending, its last.</summary>
    public List<Outcome> Outcomes => _outcomes;

    public void ClearOutcomes() => _outcomes.Clear();

    public void Add(Sequence sequence)
    {
        _nextDeadline = Math.Min(_nextDeadline, sequence.Deadline);
        _waiting.Add(sequence);
    }

    /// <summary>The next step: running sequences first; then, if none of them had to give way, waiting ones.</summary>
    public Step Schedule()
    {
        ExpireOverdue();
        bool hasPreempted = false;
        while (!TryScheduleRunning())
        {
            PreemptYoungest();
            hasPreempted = true;
        }
        if (!hasPreempted) AdmitWaiting();
        Debug.Assert(_step.TokenCount > 0 || !HasWork);
        return _step;
    }

    /// <summary>Takes in what the step computed and drew.</summary>
    /// <param name="sampled">One token per sequence of the step with <see cref="Sequence.IsSampled"/>, in its order.</param>
    public void Commit(ReadOnlySpan<SampledToken> sampled)
    {
        long now = _clock.GetTimestamp();
        int next = 0;
        foreach (Sequence sequence in _step.Sequences)
        {
            SampledToken? drawn = sequence.IsSampled ? sampled[next++] : null;
            sequence.ComputedCount += sequence.ScheduledCount;
            _blocks.Seal(sequence);
            Take(sequence, drawn, now);
        }
        _step.Clear();
    }

    /// <summary>Ends the sequences of a step that could not be run; their blocks hold nothing new.</summary>
    public void Fail()
    {
        foreach (Sequence sequence in _step.Sequences) End(sequence, FinishReason.Failed);
        _step.Clear();
    }

    /// <summary>Ends a sequence between steps; nothing happens to one that has ended.</summary>
    public void End(Sequence sequence, FinishReason reason) => End(sequence, new Outcome(sequence, null, reason));

    public void CheckIntegrity() => _blocks.CheckIntegrity(_running.Enumerate());

    private void ExpireOverdue()
    {
        long now = _clock.GetTimestamp();
        if (now >= _nextDeadline) Expire(now);
    }

    private void Expire(long now)
    {
        foreach (Sequence sequence in Live.Where(sequence => sequence.Deadline <= now).ToArray()) End(sequence, FinishReason.Deadline);
        _nextDeadline = Live.Select(sequence => sequence.Deadline).DefaultIfEmpty(long.MaxValue).Min();
    }

    private bool TryScheduleRunning()
    {
        _step.Clear();
        // Decode rows first, so that no prompt, however long, holds up a sequence that is already streaming.
        return TryScheduleRunning(Urgency.Decoding) && TryScheduleRunning(Urgency.CatchingUp) && TryScheduleRunning(Urgency.Prompt);
    }

    /// <summary>False when the pool has no block for one of them. Blocks given to the earlier ones stay: the next try needs them again.</summary>
    private bool TryScheduleRunning(Urgency urgency)
    {
        if (_step.Sequences.Count == _running.Count) return true;
        foreach (Sequence sequence in _running)
        {
            if (_step.Budget == 0) break;
            if (sequence.Urgency != urgency) continue;
            int tokenCount = Math.Min(sequence.OutstandingCount, _step.Budget);
            if (!_blocks.TryGrow(sequence, sequence.ComputedCount + tokenCount)) return false;
            _step.Add(sequence, tokenCount);
        }
        return true;
    }

    private void PreemptYoungest()
    {
        Sequence victim = _running.Last;
        Leave(victim);
        victim.State = SequenceState.Waiting;
        _waiting.PutBack(victim);
        PreemptionCount++;
    }

    private void AdmitWaiting()
    {
        // The first that does not fit ends the round: letting smaller ones pass it would starve it.
        while (_running.Count < _maxSequences && _step.Budget > 0 && _waiting.Peek() is { } sequence)
        {
            // What its guide forces at the start is computed along with the prompt, and may be found in the cache like it.
            if (sequence.AdmittedAt is null && !TryAppend(sequence, drawn: null)) continue;
            if (!_blocks.TryAdmit(sequence, _running)) break;
            _waiting.Take(sequence);
            sequence.State = SequenceState.Running;
            _running.Add(sequence);
            _step.Add(sequence, Math.Min(sequence.OutstandingCount, _step.Budget));
            if (sequence.AdmittedAt is null) MarkAdmitted(sequence);
        }
    }

    private void MarkAdmitted(Sequence sequence)
    {
        sequence.AdmittedAt = _clock.GetTimestamp();
        sequence.CachedTokenCount = Math.Min(sequence.ComputedCount, sequence.PromptLength);
        _step.Admitted.Add(sequence);
    }

    /// <summary>Takes on what was drawn, and what is forced after it, and tells of all that is new.</summary>
    private void Take(Sequence sequence, SampledToken? drawn, long now)
    {
        int drawnAt = sequence.GeneratedCount;
        if (!TryAppend(sequence, drawn)) return;
        while (sequence.AnnouncedCount < sequence.GeneratedCount)
        {
            int at = sequence.AnnouncedCount;
            SampledToken token = at == drawnAt && drawn is not null ? drawn.Value : new SampledToken(sequence.Tokens[sequence.PromptLength + at], 0, null);
            Outcome outcome = sequence.Announce(token, now);
            if (at + 1 == sequence.GeneratedCount && sequence.Ending is { } reason) End(sequence, outcome with { Finish = reason });
            else _outcomes.Add(outcome);
        }
    }

    /// <summary>False when the sequence ended, because nothing could be drawn for it or its guide threw: a fault of its own, which fails no other.</summary>
    private bool TryAppend(Sequence sequence, SampledToken? drawn)
    {
        Exception? fault = drawn?.Fault;
        try
        {
            if (fault is null && drawn is { } token) sequence.Append(token.TokenId);
            if (fault is null) sequence.AppendForced();
        }
        catch (Exception thrown)
        {
            fault = thrown;
        }
        if (fault is not null) End(sequence, new Outcome(sequence, null, FinishReason.Failed) { Fault = fault });
        return fault is null;
    }

    private void End(Sequence sequence, in Outcome last)
    {
        if (sequence.State == SequenceState.Finished) return;
        if (sequence.State == SequenceState.Running) Leave(sequence);
        else _waiting.Remove(sequence);
        sequence.State = SequenceState.Finished;
        if (sequence.AdmittedAt is not null) _waiting.Refund(sequence);
        _outcomes.Add(last);
    }

    private void Leave(Sequence sequence)
    {
        _blocks.Free(sequence);
        _running.Remove(sequence);
    }
}
