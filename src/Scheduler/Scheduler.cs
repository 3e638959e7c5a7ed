using System.Diagnostics;
using System.Runtime.InteropServices;
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
/// <item>Once the step is begun its tokens count as computed for the steps after it. A sequence whose next token is not drawn yet has nothing left to compute, and so sits in no other step.</item>
/// <item>After the step was run full blocks are sealed, and drawn tokens become known, with those that a guide forces after them, or end their sequence.</item>
/// </list>
/// A runner whose layers lie on several devices has as many steps under way, which come to each device in the order in which they were begun. So that all devices work, decoding sequences are
/// spread over those steps and prompts cut into more chunks (<see cref="ChunkTokens"/>). A block that is given back while a step under way still writes to it is safe: whoever gets it writes
/// later. But nobody has to give way as long as a step is under way, for that may end somebody; and who leads a group ends when it is through.
/// </summary>
internal sealed class Scheduler
{
    private const int RoundsPerContext = 16; // of the fair queue, until a key may spend the longest possible request

    private readonly TimeProvider _clock;
    private readonly BlockManager _blocks;
    private readonly Roster _roster;
    private readonly Step[] _steps; // by number, modulo their count
    private readonly Progress _progress;
    private readonly int _maxTokens; // of a step
    private readonly bool _runsAhead;
    private long _begunCount, _landedCount; // steps
    private int _joinedCount; // forks that draw in steps under way or in the one that is put together
    private long _nextDeadline = long.MaxValue; // no live sequence has an earlier one

    public Scheduler(ModelLimits limits, SchedulerOptions options, TimeProvider clock, ulong hashMask = ulong.MaxValue)
    {
        _clock = clock;
        _blocks = new BlockManager(limits, options.PrefixCache, hashMask);
        // Every running sequence is sure of its decode row, whatever the settings.
        _maxTokens = options.MaxBatchTokens ?? limits.BatchTokens;
        int maxSequences = Math.Min(options.MaxSequences, _maxTokens);
        _roster = new Roster(_blocks, quantum: Math.Max(1, limits.ContextLength / RoundsPerContext), maxSequences);
        _steps = [.. Enumerable.Range(0, limits.StepsUnderWay).Select(_ => new Step(_maxTokens, maxSequences))];
        _progress = new Progress(_roster, maxSequences);
        _runsAhead = limits.RunsAhead;
    }

    public int RunningCount => _roster.Running.Count;

    public int WaitingCount => _roster.Waiting.Count;

    /// <summary>Those of the waiting that were running before.</summary>
    public int PreemptedCount => _roster.Waiting.PreemptedCount;

    /// <summary>How many more could run, had they come before the last step; none while there are some that it did not let in.</summary>
    public int FreeSlots => WaitingCount > 0 ? 0 : _roster.FreeCount;

    /// <summary>Steps that are begun and not taken in.</summary>
    public int UnderWayCount => (int)(_begunCount - _landedCount);

    /// <summary>Whether one more may be begun.</summary>
    public bool MayBegin => UnderWayCount < _steps.Length;

    public bool HasWork => RunningCount + WaitingCount + UnderWayCount > 0;

    public BlockManager Blocks => _blocks;

    public long PreemptionCount { get; private set; }

    private Step Next => _steps[_begunCount % _steps.Length];

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

    /// <summary>
    /// Puts the next step together: running sequences first; then, if none of them had to give way, waiting ones. It may be empty while others are under way: then it waits for what comes of them.
    /// </summary>
    /// <param name="admits">False when the step should be one of running sequences alone, as long as there are any: it is under way already.</param>
    public Step Schedule(bool admits = true)
    {
        ExpireOverdue();
        Step step = Next;
        step.MaxChunkTokens = ChunkTokens.Of(PromptTokensAhead(), _maxTokens, _steps.Length);
        bool hasPreempted = false;
        while (!TryScheduleRunning(step))
        {
            if (UnderWayCount > 0)
            {
                step.Clear();
                return step;
            }
            _roster.Preempt(_roster.Running.Last);
            PreemptionCount++;
            hasPreempted = true;
        }
        if (!hasPreempted && (admits || RunningCount == 0))
        {
            for (int i = 0; i < step.Sequences.Count; i++) JoinForks(step, step.Sequences[i]);
            AdmitWaiting(step);
        }
        if (_runsAhead) GrowAhead(step);
        Debug.Assert(step.TokenCount > 0 || !HasWork || UnderWayCount > 0);
        return step;
    }

    /// <summary>The step that was put together, and laid out as a batch, is begun.</summary>
    public void Begin()
    {
        foreach (Sequence sequence in Next.Sequences) _blocks.ReleaseTail(sequence);
        Next.Begin();
        _begunCount++;
    }

    /// <summary>Takes in what the oldest step under way computed and drew.</summary>
    /// <param name="sampled">One token per sequence of <see cref="Step.Sampled"/>, in its order.</param>
    /// <param name="scored">What the sequences' <see cref="PromptReadout"/>s asked for, in the order of the step.</param>
    public void Commit(ReadOnlySpan<SampledToken> sampled, ReadOnlySpan<ScoredToken> scored = default)
    {
        long now = _clock.GetTimestamp();
        Step step = Land();
        int nextSample = 0, nextFork = 0;
        foreach (ref readonly StepRow row in CollectionsMarshal.AsSpan(step.Rows))
        {
            // One that ended while the step was under way has nothing to take; what was drawn for it is passed over.
            bool isLive = row.Sequence.State != SequenceState.Finished;
            if (isLive && row.Sequence.Readout is { IsComplete: false } readout) readout.Take(row.End, scored[..row.ScoreCount]);
            scored = scored[row.ScoreCount..];
            if (isLive) _blocks.Seal(row.Sequence, row.End);
            for (int last = nextFork + row.ForkCount; nextFork < last; nextFork++) Fork(step.Forks[nextFork], sampled, ref nextSample, now);
            if (row.EndsPrompt && row.Sequence.Group is { } group) _roster.Release(group);
            ReadOnlySpan<SampledToken> drawn = row.IsSampled ? sampled.Slice(nextSample++, 1) : default;
            if (isLive) _progress.Take(row.Sequence, drawn, now);
            Land(row.Sequence);
        }
        step.Clear();
    }

    /// <summary>Ends the sequences of the oldest step under way, which could not be run; their blocks hold nothing new.</summary>
    public void Fail()
    {
        Step step = Land();
        foreach (StepRow row in step.Rows)
        {
            // With all forks: if it was the prompt that broke the step, each of them would break one more, and fail all others in it.
            while (row.Sequence.Group is { HasForks: true } group) _progress.End(group.Forks[^1], FinishReason.Failed);
            _progress.End(row.Sequence, FinishReason.Failed);
            Land(row.Sequence);
        }
        step.Clear();
    }

    /// <summary>Ends a sequence; nothing happens to one that has ended. One that computes a prompt for others in a step under way ends once that is through.</summary>
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

    /// <summary>The oldest step is through, or has failed.</summary>
    private Step Land()
    {
        Step step = _steps[_landedCount++ % _steps.Length];
        _joinedCount -= step.Forks.Count;
        return step;
    }

    private void Land(Sequence sequence)
    {
        sequence.Land();
        _progress.EndLate(sequence);
    }

    private bool TryScheduleRunning(Step step)
    {
        step.Clear();
        // Decode rows first, so that no prompt, however long, holds up a sequence that is already streaming.
        return TryScheduleRunning(step, Urgency.Decoding) && TryScheduleRunning(step, Urgency.CatchingUp) && TryScheduleRunning(step, Urgency.Prompt);
    }

    /// <summary>False when the pool has no block for one of them. Blocks given to the earlier ones stay: the next try needs them again.</summary>
    private bool TryScheduleRunning(Step step, Urgency urgency)
    {
        if (step.Sequences.Count == RunningCount) return true;
        int room = urgency == Urgency.Decoding ? DecodeShare() : int.MaxValue;
        foreach (Sequence sequence in _roster.Running)
        {
            if (room == 0 || step.BudgetFor(urgency) == 0) break;
            if (sequence.Urgency != urgency || sequence.OutstandingCount == 0 || sequence.IsEndingLate) continue;
            int tokenCount = Math.Min(sequence.OutstandingCount, step.BudgetFor(urgency));
            if (!_blocks.TryGrow(sequence, sequence.ComputedCount + tokenCount)) return false;
            step.Add(sequence, tokenCount, urgency);
            room--;
        }
        return true;
    }

    /// <summary>Tokens that no step has begun to compute: of those who have more than the one that they decode, and of as many of the waiting as could be admitted, whatever of theirs is in the cache.</summary>
    private long PromptTokensAhead()
    {
        if (_steps.Length == 1) return 0; // nobody asks
        long count = WaitingCount == 0 ? 0 : _roster.Waiting.PromptTokenCount * Math.Min(FreeAfterForks, WaitingCount) / WaitingCount;
        foreach (Sequence sequence in _roster.Running)
            if (sequence.OutstandingCount > 1 && !sequence.IsEndingLate) count += sequence.OutstandingCount;
        return count;
    }

    /// <summary>How many sequences may decode in a step: with several steps under way an equal share of them, those in the other steps counted.</summary>
    private int DecodeShare()
    {
        if (_steps.Length == 1) return int.MaxValue;
        int count = 0;
        foreach (Sequence sequence in _roster.Running)
            if (sequence.OutstandingCount <= 1) count++; // decodes, or waits for its token
        return (count + _steps.Length - 1) / _steps.Length;
    }

    /// <summary>Lets those that will go on have the block of their next token, as far as there are unheld ones.</summary>
    private void GrowAhead(Step step)
    {
        foreach (Sequence sequence in step.Sequences)
            if (sequence.IsSampled && sequence.KnownCount < sequence.MaxComputedCount && !_blocks.TryGrow(sequence, sequence.KnownCount + 1)) return;
    }

    private void AdmitWaiting(Step step)
    {
        // The first that does not fit ends the round: letting smaller ones pass it would starve it.
        while (HasRoom && step.ChunkBudget > 0 && _roster.Waiting.Peek() is { } sequence)
        {
            // What its guide forces at the start is computed along with the prompt, and may be found in the cache like it.
            if (!_progress.TryAppend(sequence)) continue;
            if (!_roster.TryAdmit(sequence, promisedCount: _joinedCount)) break;
            step.Add(sequence, Math.Min(sequence.OutstandingCount, step.ChunkBudget), Urgency.Prompt);
            if (sequence.AdmittedAt is null) MarkAdmitted(step, sequence, _clock.GetTimestamp(), Math.Min(sequence.ComputedCount, sequence.PromptLength));
            JoinForks(step, sequence);
        }
    }

    /// <summary>If the step computes the prompt to its end, lets as many forks draw from it as can go on afterwards. They were paid for, so they go before others.</summary>
    private void JoinForks(Step step, Sequence leader)
    {
        if (!leader.EndsPrompt || leader.Group is not { } group) return;
        for (int i = 0; i < group.Forks.Count && HasRoom && _blocks.AvailableCount > _joinedCount;)
        {
            Sequence fork = group.Forks[i];
            if (!_progress.TryAppend(fork)) continue; // it ended and is no fork any more
            step.Join(fork);
            _joinedCount++;
            MarkAdmitted(step, fork, leader.AdmittedAt!.Value, leader.CachedTokenCount);
            i++;
        }
    }

    private bool HasRoom => FreeAfterForks > 0;

    private int FreeAfterForks => _roster.FreeCount - _joinedCount;

    private static void MarkAdmitted(Step step, Sequence sequence, long now, int cachedTokenCount)
    {
        (sequence.AdmittedAt, sequence.CachedTokenCount) = (now, cachedTokenCount);
        step.Admitted.Add(sequence);
    }

    private void Fork(Sequence fork, ReadOnlySpan<SampledToken> sampled, ref int next, long now)
    {
        ReadOnlySpan<SampledToken> drawn = fork.IsSampled ? sampled.Slice(next++, 1) : default;
        if (fork.State != SequenceState.Attached) return; // it ended while the step was under way
        _roster.Fork(fork.Group!, fork);
        _progress.Take(fork, drawn, now);
    }
}
