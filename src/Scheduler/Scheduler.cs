using System.Diagnostics;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Blocks;

namespace Llama.Scheduling;

/// <summary>
/// Decides what each step computes. There are no phases: every sequence has tokens known and tokens computed, and a step spends its token budget moving one
/// towards the other. Pure: no torch, no I/O, time from the clock it is given. A step comes about so:
/// <list type="number">
/// <item>Sequences whose time is up end.</item>
/// <item>Running sequences get their share in the order of their <see cref="Urgency"/>, and among equals of their rank.</item>
/// <item>If the pool has no block for one of them, the youngest gives up its own and waits to be computed again; then 2 starts afresh.</item>
/// <item>If nobody had to give way, forks join the leader that computes their prompt's last token, and waiting ones are admitted with what budget is left.</item>
/// <item>After the step was run, its tokens count as computed, full blocks are sealed, and drawn tokens become known, with those that a guide forces after
/// them, or end their sequence.</item>
/// </list>
/// </summary>
internal sealed class Scheduler
{
    private const int RoundsPerContext = 16; // of the fair queue, until a key may spend the longest possible request

    private readonly TimeProvider _clock;
    private readonly BlockManager _blocks;
    private readonly Roster _roster;
    private readonly Step _step;
    private readonly Progress _progress;
    private readonly bool _runsAhead;
    private long _nextDeadline = long.MaxValue; // no live sequence has an earlier one

    public Scheduler(ModelLimits limits, SchedulerOptions options, TimeProvider clock, ulong hashMask = ulong.MaxValue)
    {
        _clock = clock;
        _blocks = new BlockManager(limits, options.PrefixCache, hashMask);
        // Every running sequence is sure of its decode row, whatever the settings.
        int maxTokens = options.MaxBatchTokens ?? limits.BatchTokens, maxSequences = Math.Min(options.MaxSequences, maxTokens);
        _roster = new Roster(_blocks, quantum: Math.Max(1, limits.ContextLength / RoundsPerContext), maxSequences);
        _step = new Step(maxTokens, maxSequences, _blocks.Copies);
        _progress = new Progress(_roster, maxSequences);
        _runsAhead = limits.RunsAhead;
    }

    public int RunningCount => _roster.Running.Count;

    public int WaitingCount => _roster.Waiting.Count;

    /// <summary>Those of the waiting that were running before.</summary>
    public int PreemptedCount => _roster.Waiting.PreemptedCount;

    /// <summary>How many more could run, had they come before the last step; none while there are some that it did not let in.</summary>
    public int FreeSlots => WaitingCount > 0 ? 0 : _roster.FreeCount;

    public bool HasWork => RunningCount + WaitingCount > 0;

    public BlockManager Blocks => _blocks;

    public long PreemptionCount { get; private set; }

    /// <summary>All sequences that have not ended.</summary>
    public IEnumerable<Sequence> Live => _roster.Live;

    /// <summary>What happened since <see cref="ClearOutcomes"/>, in order. Every sequence added has one with an ending, its last.</summary>
    public List<Outcome> Outcomes => _progress.Outcomes;

    public void ClearOutcomes() => _progress.Outcomes.Clear();

    /// <summary>Takes on a sequence, and with a leader its forks.</summary>
    public void Add(Sequence sequence)
    {
        _roster.Enqueue(sequence);
        _nextDeadline = Math.Min(_nextDeadline, sequence.Deadline);
        foreach (Sequence fork in sequence.Group?.Forks ?? []) _nextDeadline = Math.Min(_nextDeadline, fork.Deadline);
    }

    /// <summary>The next step: running sequences first; then, if none of them had to give way, waiting ones.</summary>
    /// <param name="admits">False when the step should be one of running sequences alone, as long as there are any: it is under way already.</param>
    public Step Schedule(bool admits = true)
    {
        ExpireOverdue();
        bool hasPreempted = false;
        while (!TryScheduleRunning())
        {
            _roster.Preempt(_roster.Running.Last);
            PreemptionCount++;
            hasPreempted = true;
        }
        if (!hasPreempted && (admits || RunningCount == 0))
        {
            for (int i = 0; i < _step.Sequences.Count; i++) JoinForks(_step.Sequences[i]);
            AdmitWaiting();
        }
        if (_runsAhead) GrowAhead();
        Debug.Assert(_step.TokenCount > 0 || !HasWork);
        return _step;
    }

    /// <summary>Takes in what the step computed and drew.</summary>
    /// <param name="sampled">One token per sequence of <see cref="Step.Sampled"/>, in its order.</param>
    /// <param name="scored">What the sequences' <see cref="PromptReadout"/>s asked for, in the order of the step.</param>
    public void Commit(ReadOnlySpan<SampledToken> sampled, ReadOnlySpan<ScoredToken> scored = default)
    {
        long now = _clock.GetTimestamp();
        int next = 0;
        foreach (Sequence sequence in _step.Sequences)
        {
            bool isSampled = sequence.IsSampled, endsPrompt = sequence.EndsPrompt;
            if (sequence.Readout is { IsComplete: false } readout) readout.Take(sequence, ref scored);
            sequence.ComputedCount += sequence.ScheduledCount;
            _blocks.Seal(sequence);
            if (endsPrompt && sequence.Group is { } group) Fork(group, sampled, ref next, now);
            _progress.Take(sequence, isSampled ? sampled.Slice(next++, 1) : default, now);
        }
        Clear();
    }

    /// <summary>Ends the sequences of a step that could not be run; their blocks hold nothing new.</summary>
    public void Fail()
    {
        foreach (Sequence sequence in _step.Sequences)
        {
            // With all forks: if it was the prompt that broke the step, each of them would break one more, and fail all others in it.
            while (sequence.Group is { HasForks: true } group) End(group.Forks[^1], FinishReason.Failed);
            End(sequence, FinishReason.Failed);
        }
        Clear();
    }

    /// <summary>Ends a sequence between steps; nothing happens to one that has ended.</summary>
    public void End(Sequence sequence, FinishReason reason) => _progress.End(sequence, reason);

    public void CheckIntegrity() => _blocks.CheckIntegrity(_roster.Running.Enumerate());

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
        if (_step.Sequences.Count == RunningCount) return true;
        foreach (Sequence sequence in _roster.Running)
        {
            if (_step.Budget == 0) break;
            if (sequence.Urgency != urgency) continue;
            int tokenCount = Math.Min(sequence.OutstandingCount, _step.Budget);
            if (!_blocks.TryGrow(sequence, sequence.ComputedCount + tokenCount)) return false;
            _step.Add(sequence, tokenCount);
        }
        return true;
    }

    /// <summary>Lets those that will go on have the block of their next token, as far as there are unheld ones.</summary>
    private void GrowAhead()
    {
        foreach (Sequence sequence in _step.Sequences)
            if (sequence.IsSampled && sequence.KnownCount < sequence.MaxComputedCount && !_blocks.TryGrow(sequence, sequence.KnownCount + 1)) return;
    }

    private void AdmitWaiting()
    {
        // The first that does not fit ends the round: letting smaller ones pass it would starve it.
        while (HasRoom && _step.Budget > 0 && _roster.Waiting.Peek() is { } sequence)
        {
            // What its guide forces at the start is computed along with the prompt, and may be found in the cache like it.
            if (sequence.AdmittedAt is null && !_progress.TryAppend(sequence)) continue;
            if (!_roster.TryAdmit(sequence, promisedCount: _step.Forks.Count)) break;
            _step.Add(sequence, Math.Min(sequence.OutstandingCount, _step.Budget));
            if (sequence.AdmittedAt is null) MarkAdmitted(sequence, _clock.GetTimestamp(), Math.Min(sequence.ComputedCount, sequence.PromptLength));
            JoinForks(sequence);
        }
    }

    /// <summary>If the step computes the prompt to its end, lets as many forks draw from it as can go on afterwards. They were paid for, so they go before others.</summary>
    private void JoinForks(Sequence leader)
    {
        if (!leader.EndsPrompt || leader.Group is not { } group) return;
        for (int i = 0; i < group.Forks.Count && HasRoom && _blocks.AvailableCount > _step.Forks.Count;)
        {
            Sequence fork = group.Forks[i];
            if (!_progress.TryAppend(fork)) continue; // it ended and is no fork any more
            _step.Join(fork);
            MarkAdmitted(fork, leader.AdmittedAt!.Value, leader.CachedTokenCount);
            i++;
        }
    }

    private bool HasRoom => _roster.FreeCount > _step.Forks.Count;

    private void MarkAdmitted(Sequence sequence, long now, int cachedTokenCount)
    {
        (sequence.AdmittedAt, sequence.CachedTokenCount) = (now, cachedTokenCount);
        _step.Admitted.Add(sequence);
    }

    private void Fork(PromptGroup group, ReadOnlySpan<SampledToken> sampled, ref int next, long now)
    {
        while (group.HasForks && group.Forks[0] is { ScheduledCount: > 0 } fork)
        {
            bool isSampled = fork.IsSampled;
            _roster.Fork(group, fork);
            _progress.Take(fork, isSampled ? sampled.Slice(next++, 1) : default, now);
        }
        _roster.Release(group);
    }

    private void Clear()
    {
        _step.Clear();
        _blocks.Copies.Clear();
    }
}
