namespace Llama.Scheduling.Frames;

/// <summary>One sequence in an <see cref="EngineFrame"/>.</summary>
public readonly record struct SequenceRow
{
    /// <summary>The <see cref="Generation.Id"/>.</summary>
    public required long Id { get; init; }

    /// <summary>The caller's own <see cref="GenerationRequest.Origin"/>.</summary>
    public required object? Origin { get; init; }

    /// <summary>What it does.</summary>
    public required SequencePhase Phase { get; init; }

    /// <summary>Tokens of its prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Those of them that were found in the cache when it was first admitted.</summary>
    public required int CachedTokens { get; init; }

    /// <summary>Tokens, of prompt and output, whose keys and values it has in blocks.</summary>
    public required int ComputedTokens { get; init; }

    /// <summary>Tokens of its output so far.</summary>
    public required int GeneratedTokens { get; init; }

    /// <summary>Most tokens of its output.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Time since it was submitted.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>The blocks that it holds.</summary>
    internal int[] BlockIds { get; init; }

    internal static SequenceRow Of(Sequence sequence, TimeSpan age) => new()
    {
        Id = sequence.Id,
        Origin = sequence.Origin,
        Phase = PhaseOf(sequence),
        PromptTokens = sequence.PromptLength,
        CachedTokens = sequence.CachedTokenCount,
        ComputedTokens = sequence.ComputedCount,
        GeneratedTokens = sequence.GeneratedCount,
        MaxTokens = sequence.MaxTokens,
        Age = age,
        BlockIds = sequence.SharedTail is { } tail ? [.. sequence.BlockIds.AsSpan(0, sequence.BlockCount), tail] : [.. sequence.BlockIds.AsSpan(0, sequence.BlockCount)],
    };

    private static SequencePhase PhaseOf(Sequence sequence) => sequence.State switch
    {
        SequenceState.Running => sequence.Urgency == Urgency.Prompt ? SequencePhase.Prefilling : SequencePhase.Decoding,
        SequenceState.Attached => SequencePhase.Attached,
        _ => sequence.AdmittedAt is null ? SequencePhase.Waiting : SequencePhase.Preempted,
    };
}
