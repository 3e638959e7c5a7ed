using System.Runtime.CompilerServices;
using Llama.Model.Guidance;
using Llama.Model.Sampling;
using Llama.Scheduling.Blocks;
using Llama.Scheduling.Steps;

namespace Llama.Scheduling.Sequences;

/// <summary>
/// One request on its way through the engine: the tokens known so far (the prompt, then what was drawn or forced by its guide) and how many of them are
/// computed, that is, have their keys and values in its blocks. Owned by the engine's thread once submitted.
/// </summary>
internal sealed class Sequence
{
    private KnownTokens _known;
    private BlockTable _blocks = new();

    /// <param name="id">Its number: earlier ones are older.</param>
    /// <param name="request">What to generate.</param>
    /// <param name="arrival">Timestamp of its submission.</param>
    /// <param name="deadline">Timestamp after which it ends.</param>
    public Sequence(long id, GenerationRequest request, long arrival, long deadline = long.MaxValue)
    {
        (Id, Request, Arrival, Deadline) = (id, request, arrival, deadline);
        (Sampling, NeedsHistory, IsProbe, GroupId, _known) = (request.Sampling, request.Sampling.NeedsHistory, request.IsProbe, id, new KnownTokens(request));
    }

    public long Id { get; }

    public long Arrival { get; }

    public long Deadline { get; }

    public GenerationRequest Request { get; }

    // What every step asks for is kept here as well: a step costs the cache lines it touches.
    public SamplingParams Sampling { get; }

    /// <inheritdoc cref="SamplingParams.NeedsHistory"/>
    public bool NeedsHistory { get; }

    /// <inheritdoc cref="GenerationRequest.IsProbe"/>
    public bool IsProbe { get; }

    public int PromptLength => _known.PromptLength;

    public int MaxTokens => _known.MaxTokens;

    public ITokenGuide? Guide => _known.Guide;

    /// <summary>Those it shares its prompt with while that is not computed; null for most, and afterwards.</summary>
    public PromptGroup? Group { get; set; }

    /// <summary>Number of the first of those it was submitted with; its own when it is that, or came alone.</summary>
    public long GroupId { get; set; }

    /// <summary>What is wanted of the prompt beside its continuation, one for the whole group; null for most.</summary>
    public PromptReadout? Readout { get; init; }

    /// <summary>The caller's end; null in tests of the scheduler alone.</summary>
    public Generation? Generation
    {
        get;
        set => (field, Reader) = (value, value?.Reader);
    }

    /// <summary>Whom the caller's end reads from.</summary>
    public EventReader? Reader { get; private set; }

    public SequenceState State { get; set; }

    /// <summary>Where it stands in its share's queue while it waits for the first time.</summary>
    public LinkedListNode<Sequence>? QueueNode { get; set; }

    public ReadOnlySpan<int> Tokens => _known.All;

    public int KnownCount => _known.Count;

    public int GeneratedCount => KnownCount - PromptLength;

    /// <summary>How the tokens known so far end it; null while more are to come. Told once a step has run.</summary>
    public FinishReason? Ending => _known.Ending;

    /// <summary>Tokens that are computed, or will be by the steps under way: those that are begun later find them in the cache.</summary>
    public int ComputedCount { get; set; }

    /// <summary>Tokens that the step which is put together computes, or 0. Of a fork that has joined a step, its prompt, until that is taken in.</summary>
    public int ScheduledCount { get; set; }

    /// <summary>Steps under way that compute some of it.</summary>
    public int UnderWayCount { get; private set; }

    /// <summary>How it ends once no step under way computes any of it; null for most, and apart because it is large.</summary>
    public StrongBox<Outcome>? LateEnding { get; set; }

    /// <summary>Whether it gets no more steps.</summary>
    public bool IsEndingLate => UnderWayCount > 0 && LateEnding is not null;

    /// <summary>Tokens that must be computed before anything more can happen: of a sequence that ended before its first step only the prompt.</summary>
    public int TargetCount => Ending is null ? KnownCount : PromptLength;

    public int OutstandingCount => TargetCount - ComputedCount;

    /// <summary>Whether the step that is put together computes the last token of the prompt.</summary>
    public bool EndsPrompt => ComputedCount < PromptLength && ComputedCount + ScheduledCount >= PromptLength;

    /// <summary>Whether the step that is put together reaches the last known token, so that the next one is drawn.</summary>
    public bool IsSampled => Ending is null && ComputedCount + ScheduledCount == KnownCount;

    public Urgency Urgency => OutstandingCount == 1 ? Urgency.Decoding : ComputedCount >= PromptLength ? Urgency.CatchingUp : Urgency.Prompt;

    /// <summary>Most tokens it ever has in blocks: the last one drawn is never computed.</summary>
    public int MaxComputedCount => PromptLength + Math.Max(MaxTokens, 1) - 1;

    public ref BlockTable Blocks => ref _blocks;

    /// <summary>Prompt tokens found in the cache when it was first admitted.</summary>
    public int CachedTokenCount { get; set; }

    /// <summary>Timestamp of the first admission; null before.</summary>
    public long? AdmittedAt { get; set; }

    /// <summary>Generated tokens that the caller was told of.</summary>
    public int AnnouncedCount { get; private set; }

    public long FirstTokenAt { get; private set; }

    public long LastTokenAt { get; private set; }

    /// <summary>Allocates, at the first admission, all that the sequence will ever need; a waiting one costs nothing but its prompt.</summary>
    public void Reserve(int blockCount)
    {
        Blocks.Reserve(blockCount);
        _known.Reserve();
        Readout?.Reserve();
    }

    /// <summary>Reads from each cache line that the settlement of a decode step will need of it; says nothing of use.</summary>
    public long Touch() => LastTokenAt + AnnouncedCount + _known.Touch() + _blocks.Touch();

    /// <summary>The step that was put together is begun.</summary>
    public void Begin()
    {
        ComputedCount += ScheduledCount;
        ScheduledCount = 0;
        UnderWayCount++;
    }

    /// <summary>A step that computed some of it is through, or has failed.</summary>
    public void Land() => UnderWayCount--;

    /// <inheritdoc cref="KnownTokens.Append"/>
    public void Append(int token) => _known.Append(token);

    /// <inheritdoc cref="KnownTokens.AppendForced"/>
    public void AppendForced() => _known.AppendForced();

    /// <inheritdoc cref="KnownTokens.Output"/>
    public ReadOnlyMemory<int> Output => _known.Output;

    /// <summary>Notes that the caller is told of one more token.</summary>
    /// <param name="token">The token; one that was forced has no log-probability.</param>
    /// <param name="now">Timestamp.</param>
    public Outcome Announce(in SampledToken token, long now)
    {
        long since = AnnouncedCount == 0 ? Arrival : LastTokenAt;
        if (++AnnouncedCount == 1) FirstTokenAt = now;
        LastTokenAt = now;
        return new Outcome(this, token, null) { Number = AnnouncedCount, Since = since };
    }
}
