using System.Diagnostics;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Sequences;
using Llama.Scheduling.Steps;

namespace Llama.Scheduling;

/// <summary>
/// Decides what each step computes. There are no phases: every sequence has tokens known and tokens computed, and a step spends its token budget moving one
/// towards the other. Pure: no torch, no I/O, time from the clock it is given. A step comes about so:
/// <list type="number">
/// <item>Sequences whose time is up end (<see cref="Deadlines"/>).</item>
/// <item>Running sequences get their share in the order of their <see cref="Urgency"/>, and among equals of their rank (<see cref="StepBuilder"/>).</item>
/// <item>If the pool has no block for one of them, the youngest gives up its own and waits to be computed again; then 2 starts afresh.</item>
/// <item>If nobody had to give way, forks join the leader that computes their prompt's last token, and waiting ones are admitted with what budget is left (<see cref="Admission"/>).</item>
/// <item>Once the step is begun its tokens count as computed for the steps after it. A sequence whose next token is not drawn yet has nothing left to compute, and so sits in no other step.</item>
/// <item>After the step was run full blocks are sealed, and drawn tokens become known, with those that a guide forces after them, or end their sequence (<see cref="Settlement"/>).</item>
/// </list>
/// A runner whose layers lie on several devices has as many steps under way, which come to each device in the order in which they were begun. So that all devices work, decoding sequences are
/// spread over those steps, once there are as many as that pays for (<see cref="ModelLimits.SpreadFrom"/>), and prompts cut into more chunks (<see cref="ChunkTokens"/>). A block that is given back while
/// a step under way still writes to it is safe: whoever gets it writes later. But nobody has to give way as long as a step is under way, for that may end somebody; and who leads a group ends when it is
/// through.
/// </summary>
internal sealed class Scheduler
{
    private const int RoundsPerContext = 16; // of the fair queue, until a key may spend the longest possible request

    private readonly TimeProvider _clock;
    private readonly Roster _roster;
    private readonly StepRing _steps;
    private readonly Progress _progress;
    private readonly Deadlines _deadlines;
    private readonly StepBuilder _builder;
    private readonly Admission _admission;
    private readonly ChunkTokens _chunks;
    private readonly Settlement _settlement;
    private readonly bool _runsAhead;

    public Scheduler(ModelLimits limits, SchedulerOptions options, TimeProvider clock, ulong hashMask = ulong.MaxValue)
    {
        // Every running sequence is sure of its decode row, whatever the settings.
        int maxTokens = options.MaxBatchTokens ?? limits.BatchTokens, maxSequences = Math.Min(options.MaxSequences, maxTokens);
        (_clock, _runsAhead) = (clock, limits.RunsAhead);
        Blocks = new BlockManager(limits, options.PrefixCache, hashMask);
        _roster = new Roster(Blocks, quantum: Math.Max(1, limits.ContextLength / RoundsPerContext), maxSequences);
        _steps = new StepRing([.. Enumerable.Range(0, limits.StepsUnderWay).Select(_ => new Step(maxTokens, maxSequences))]);
        _progress = new Progress(_roster, maxSequences);
        _deadlines = new Deadlines(_roster, _progress, clock);
        _builder = new StepBuilder(Blocks, _roster, _steps, limits.SpreadFrom);
        _admission = new Admission(Blocks, _roster, _progress, clock);
        _chunks = new ChunkTokens(_roster, _admission, maxTokens, _steps.Count);
        _settlement = new Settlement(Blocks, _roster, _progress);
    }

    public int RunningCount => _roster.Running.Count;

    public int WaitingCount => _roster.Waiting.Count;

    /// <summary>Those of the waiting that were running before.</summary>
    public int PreemptedCount => _roster.Waiting.PreemptedCount;

    /// <inheritdoc cref="StepBuilder.PreemptionCount"/>
    public long PreemptionCount => _builder.PreemptionCount;

    /// <summary>How many more could run, had they come before the last step; none while there are some that it did not let in.</summary>
    public int FreeSlots => WaitingCount > 0 ? 0 : _roster.FreeCount;

    /// <inheritdoc cref="StepRing.UnderWayCount"/>
    public int UnderWayCount => _steps.UnderWayCount;

    /// <summary>Whether one more may be begun.</summary>
    public bool MayBegin => UnderWayCount < _steps.Count;

    public bool HasWork => RunningCount + WaitingCount + UnderWayCount > 0;

    public BlockManager Blocks { get; }

    /// <summary>All sequences that have not ended.</summary>
    public IEnumerable<Sequence> Live => _roster.Live;

    /// <summary>What happened since <see cref="ClearOutcomes"/>, in order. Every sequence added has one with an ending, its last.</summary>
    public List<Outcome> Outcomes => _progress.Outcomes;

    public void ClearOutcomes() => _progress.Outcomes.Clear();

    /// <summary>Takes on a sequence, and with a leader its forks.</summary>
    public void Add(Sequence sequence)
    {
        _roster.Enqueue(sequence);
        _deadlines.Add(sequence);
        foreach (Sequence fork in sequence.Group?.Forks ?? []) _deadlines.Add(fork);
    }

    /// <summary>
    /// Puts the next step together: running sequences first; then, if none of them had to give way, waiting ones. It may be empty while others are under way: then it waits for what comes of them.
    /// </summary>
    /// <param name="admits">False when the step should be one of running sequences alone, as long as there are any: it is under way already.</param>
    public Step Schedule(bool admits = true)
    {
        _deadlines.Expire();
        Step step = _steps.Next;
        step.MaxChunkTokens = _chunks.Next();
        if (!_builder.TryBuild(step, out bool hasPreempted)) return step;
        if (!hasPreempted && (admits || RunningCount == 0)) _admission.Admit(step);
        if (_runsAhead) _builder.GrowAhead(step);
        Debug.Assert(step.TokenCount > 0 || !HasWork || UnderWayCount > 0);
        return step;
    }

    /// <summary>The step that was put together, and laid out as a batch, is begun.</summary>
    public void Begin()
    {
        foreach (Sequence sequence in _steps.Next.Sequences) Blocks.ReleaseTail(sequence);
        _steps.Begin();
    }

    /// <summary>Takes in what the oldest step under way computed and drew.</summary>
    /// <param name="sampled">One token per sequence of <see cref="Step.Sampled"/>, in its order.</param>
    /// <param name="scored">What the sequences' <see cref="PromptReadout"/>s asked for, in the order of the step.</param>
    public void Commit(ReadOnlySpan<SampledToken> sampled, ReadOnlySpan<ScoredToken> scored = default)
    {
        Step step = Land();
        _settlement.Commit(step, sampled, scored, _clock.GetTimestamp());
        step.Clear();
    }

    /// <summary>Ends the sequences of the oldest step under way, which could not be run.</summary>
    public void Fail()
    {
        Step step = Land();
        _settlement.Fail(step);
        step.Clear();
    }

    /// <summary>Ends a sequence; nothing happens to one that has ended. One that computes a prompt for others in a step under way ends once that is through.</summary>
    public void End(Sequence sequence, FinishReason reason) => _progress.End(sequence, reason);

    public void CheckIntegrity() => Blocks.CheckIntegrity(_roster.Running.Enumerate());

    private Step Land()
    {
        Step step = _steps.Land();
        _admission.Land(step);
        return step;
    }
}
