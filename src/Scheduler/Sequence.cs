using Llama.Model.Guidance;
using Llama.Model.Sampling;

namespace Llama.Scheduling;

/// <summary>
/// One request on its way through the engine: the tokens known so far (the prompt, then what was drawn or forced by its guide) and how many of them are
/// computed, that is, have their keys and values in its blocks. Owned by the engine's thread once submitted.
/// </summary>
internal sealed class Sequence
{
    private readonly GenerationRequest _request;
    private readonly int[] _stopTokenIds;
    private int[] _tokens; // the caller's prompt until there is output, then room for all of it

    /// <param name="id">Its number: earlier ones are older.</param>
    /// <param name="request">What to generate.</param>
    /// <param name="arrival">Timestamp of its submission.</param>
    /// <param name="deadline">Timestamp after which it ends.</param>
    public Sequence(long id, GenerationRequest request, long arrival, long deadline = long.MaxValue)
    {
        (Id, _request, _tokens, Arrival, Deadline) = (id, request, request.PromptTokenIds, arrival, deadline);
        (PromptLength, MaxTokens, Sampling, Guide) = (request.PromptTokenIds.Length, request.MaxTokens, request.Sampling, request.Guide);
        _stopTokenIds = [.. request.Sampling.StopTokenIds];
        (KnownCount, GroupId) = (PromptLength, id);
        if (MaxTokens == 0) Ending = FinishReason.Length;
    }

    public long Id { get; }

    public long Arrival { get; }

    public long Deadline { get; }

    // What every step asks for is kept here rather than in the request: with hundreds of sequences a step costs the cache lines it touches.
    public int PromptLength { get; }

    public int MaxTokens { get; }

    public SamplingParams Sampling { get; }

    public ITokenGuide? Guide { get; }

    public int Priority => _request.Priority;

    public int ShareKey => _request.ShareKey;

    public int ShareWeight => _request.ShareWeight;

    /// <summary>Whether nobody outside is to count it.</summary>
    public bool IsProbe => _request.IsProbe;

    public ulong CacheSalt => _request.CacheSalt;

    public object? Origin => _request.Origin;

    /// <summary>Those it shares its prompt with while that is not computed; null for most, and afterwards.</summary>
    public PromptGroup? Group { get; set; }

    /// <summary>Number of the first of those it was submitted with; its own when it is that, or came alone.</summary>
    public long GroupId { get; set; }

    /// <summary>What is wanted of the prompt beside its continuation, one for the whole group; null for most.</summary>
    public PromptReadout? Readout { get; init; }

    /// <summary>The caller's end; null in tests of the scheduler alone.</summary>
    public Generation? Generation { get; set; }

    public SequenceState State { get; set; }

    /// <summary>Where it stands in its share's queue while it waits for the first time.</summary>
    public LinkedListNode<Sequence>? QueueNode { get; set; }

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, KnownCount);

    public int KnownCount { get; private set; }

    /// <summary>Tokens that are computed, or will be by the steps under way: those that are begun later find them in the cache.</summary>
    public int ComputedCount { get; set; }

    /// <summary>Tokens that the step which is put together computes, or 0. Of a fork that has joined a step, its prompt, until that is taken in.</summary>
    public int ScheduledCount { get; set; }

    /// <summary>Steps under way that compute some of it.</summary>
    public int UnderWayCount { get; private set; }

    /// <summary>How it ends once no step under way computes any of it; null for most.</summary>
    public Outcome? LateEnding { get; set; }

    /// <summary>Whether it gets no more steps.</summary>
    public bool IsEndingLate => UnderWayCount > 0 && LateEnding is not null;

    /// <summary>Whether a step under way computes the prompt of others.</summary>
    public bool LeadsUnderWay => UnderWayCount > 0 && Group is { HasForks: true } group && group.Leader == this;

    /// <summary>How the tokens known so far end it; null while more are to come. Told once a step has run.</summary>
    public FinishReason? Ending { get; private set; }

    /// <summary>Tokens that must be computed before anything more can happen: of a sequence that ended before its first step only the prompt.</summary>
    public int TargetCount => Ending is null ? KnownCount : PromptLength;

    public int OutstandingCount => TargetCount - ComputedCount;

    public int GeneratedCount => KnownCount - PromptLength;

    /// <summary>A generated token by its number, from 0. From any thread once it was told of: it does not change, and the array has room for all from before the first.</summary>
    public int Generated(int number) => _tokens[PromptLength + number];

    /// <summary>Generated tokens that the caller was told of.</summary>
    public int AnnouncedCount { get; private set; }

    /// <summary>
    /// Tokens that may be found in the cache. The last one never: its logits are what is drawn from, and those of a shared prompt are drawn from by all; nor those
    /// of which more is wanted than their keys and values.
    /// </summary>
    public int CacheableCount => Readout is { IsComplete: false } ? Readout.ReadCount : (Group is { HasForks: true } ? PromptLength : TargetCount) - 1;

    /// <summary>Whether the step that is put together computes the last token of the prompt.</summary>
    public bool EndsPrompt => ComputedCount < PromptLength && ComputedCount + ScheduledCount >= PromptLength;

    /// <summary>Whether the step that is put together reaches the last known token, so that the next one is drawn.</summary>
    public bool IsSampled => Ending is null && ComputedCount + ScheduledCount == KnownCount;

    public Urgency Urgency => OutstandingCount == 1 ? Urgency.Decoding : ComputedCount >= PromptLength ? Urgency.CatchingUp : Urgency.Prompt;

    /// <summary>Most tokens it ever has in blocks: the last one drawn is never computed.</summary>
    public int MaxComputedCount => PromptLength + Math.Max(MaxTokens, 1) - 1;

    /// <summary>The block table: <see cref="BlockCount"/> ids, in order.</summary>
    public int[] BlockIds { get; private set; } = [];

    public int BlockCount { get; private set; }

    /// <summary>Blocks at the table's start that are sealed.</summary>
    public int SealedCount { get; set; }

    /// <summary>
    /// The block, held beside the table, in which its leader computed the end of their prompt. The first step that it is in copies it to the block of its own that follows in the table; null
    /// for most, and once that step is begun.
    /// </summary>
    public int? SharedTail { get; set; }

    /// <summary>Prompt tokens found in the cache when it was first admitted.</summary>
    public int CachedTokenCount { get; set; }

    /// <summary>Timestamp of the first admission; null before.</summary>
    public long? AdmittedAt { get; set; }

    public long FirstTokenAt { get; private set; }

    public long LastTokenAt { get; private set; }

    /// <summary>Allocates, at the first admission, all that the sequence will ever need; a waiting one costs nothing but its prompt.</summary>
    public void Reserve(int blockCount)
    {
        if (BlockIds.Length > 0) return;
        BlockIds = new int[blockCount];
        ReserveTokens();
    }

    /// <summary>The step that was put together is begun.</summary>
    public void Begin()
    {
        ComputedCount += ScheduledCount;
        ScheduledCount = 0;
        UnderWayCount++;
    }

    /// <summary>A step that computed some of it is through, or has failed.</summary>
    public void Land() => UnderWayCount--;

    public void AddBlock(int id) => BlockIds[BlockCount++] = id;

    public void ClearBlocks() => BlockCount = ComputedCount = SealedCount = 0;

    /// <summary>Takes on the next token. A stop token ends the text before it, so the guide is not told of it.</summary>
    public void Append(int token)
    {
        ReserveTokens();
        _tokens[KnownCount++] = token;
        if (_stopTokenIds.AsSpan().Contains(token))
        {
            Ending = FinishReason.Stop;
            return;
        }
        if (GeneratedCount == MaxTokens) Ending = FinishReason.Length;
        if (Guide is null) return;
        Guide.Accept(token);
        if (Guide.IsComplete) Ending = FinishReason.Completed;
    }

    /// <summary>Takes on the tokens that the guide leaves no choice about, so that the model need not be asked; with log-probabilities wanted it must be.</summary>
    public void AppendForced()
    {
        if (Guide is null) return;
        if (Ending is null && Guide.IsComplete) Ending = FinishReason.Completed; // it lets nothing follow the prompt
        if (Sampling.TopLogprobs is not null) return;
        while (Ending is null && Guide.TryForce(out int token)) Append(token);
    }

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

    private void ReserveTokens()
    {
        if (_tokens.Length < PromptLength + MaxTokens) Array.Resize(ref _tokens, PromptLength + MaxTokens);
    }
}
