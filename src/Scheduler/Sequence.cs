using Llama.Model.Sampling;

namespace Llama.Scheduling;

/// <summary>
/// One request on its way through the engine: the tokens known so far (the prompt, then what was drawn) and how many of them are computed, that is, have
/// their keys and values in its blocks. Owned by the engine's thread once submitted.
/// </summary>
internal sealed class Sequence
{
    private readonly GenerationRequest _request;
    private readonly int[] _stopTokenIds;
    private int[] _tokens; // the caller's prompt until admission, then room for the output too

    /// <param name="id">Its number: earlier ones are older.</param>
    /// <param name="request">What to generate.</param>
    /// <param name="arrival">Timestamp of its submission.</param>
    /// <param name="deadline">Timestamp after which it ends.</param>
    public Sequence(long id, GenerationRequest request, long arrival, long deadline = long.MaxValue)
    {
        (Id, _request, _tokens, Arrival, Deadline) = (id, request, request.PromptTokenIds, arrival, deadline);
        (PromptLength, MaxTokens, Sampling, _stopTokenIds) = (request.PromptTokenIds.Length, request.MaxTokens, request.Sampling, [.. request.Sampling.StopTokenIds]);
        KnownCount = PromptLength;
    }

    public long Id { get; }

    public long Arrival { get; }

    public long Deadline { get; }

    // What every step asks for is kept here rather than in the request: with hundreds of sequences a step costs the cache lines it touches.
    public int PromptLength { get; }

    public int MaxTokens { get; }

    public SamplingParams Sampling { get; }

    public int Priority => _request.Priority;

    public int ShareKey => _request.ShareKey;

    public ulong CacheSalt => _request.CacheSalt;

    /// <summary>The caller's end; null in tests of the scheduler alone.</summary>
    public Generation? Generation { get; set; }

    public SequenceState State { get; set; }

    /// <summary>Where it stands in its share's queue while it waits for the first time.</summary>
    public LinkedListNode<Sequence>? QueueNode { get; set; }

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, KnownCount);

    public int KnownCount { get; private set; }

    public int ComputedCount { get; set; }

    /// <summary>Tokens that the current step computes, or 0.</summary>
    public int ScheduledCount { get; set; }

    public int OutstandingCount => KnownCount - ComputedCount;

    public int GeneratedCount => KnownCount - PromptLength;

    /// <summary>Whether the current step reaches the last known token, so that the next one is drawn.</summary>
    public bool IsSampled => ComputedCount + ScheduledCount == KnownCount;

    /// <summary>Most tokens it ever has in blocks: the last one drawn is never computed.</summary>
    public int MaxComputedCount => PromptLength + MaxTokens - 1;

    /// <summary>The block table: <see cref="BlockCount"/> ids, in order.</summary>
    public int[] BlockIds { get; private set; } = [];

    public int BlockCount { get; private set; }

    /// <summary>Blocks at the table's start that are sealed.</summary>
    public int SealedCount { get; set; }

    /// <summary>Prompt tokens found in the cache when it was first admitted.</summary>
    public int CachedTokenCount { get; set; }

    /// <summary>Timestamp of the first admission; null before.</summary>
    public long? AdmittedAt { get; set; }

    public long FirstTokenAt { get; private set; }

    public long LastTokenAt { get; private set; }

    /// <summary>Timestamp of the token before the last.</summary>
    public long PreviousTokenAt { get; private set; }

    /// <summary>Allocates, at the first admission, all that the sequence will ever need; a waiting one costs nothing but its prompt.</summary>
    public void Reserve(int blockCount)
    {
        if (BlockIds.Length > 0) return;
        BlockIds = new int[blockCount];
        Array.Resize(ref _tokens, PromptLength + MaxTokens);
    }

    public void AddBlock(int id) => BlockIds[BlockCount++] = id;

    public void ClearBlocks() => BlockCount = ComputedCount = SealedCount = 0;

    public void Append(int token, long now)
    {
        _tokens[KnownCount++] = token;
        if (GeneratedCount == 1) FirstTokenAt = now;
        PreviousTokenAt = LastTokenAt;
        LastTokenAt = now;
    }

    /// <summary>Whether the tokens drawn so far end it, and how.</summary>
    public FinishReason? Ending()
    {
        if (_stopTokenIds.AsSpan().Contains(_tokens[KnownCount - 1])) return FinishReason.Stop;
        return GeneratedCount == MaxTokens ? FinishReason.Length : null;
    }
}
