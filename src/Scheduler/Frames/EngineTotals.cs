namespace Llama.Scheduling.Frames;

/// <summary>What happened since the engine began; two of them tell of the time between.</summary>
public readonly record struct EngineTotals
{
    /// <summary>Prompt tokens of admitted requests; a prompt that several share counts once.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Those of them that were found in the cache.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long GeneratedTokens { get; init; }

    /// <summary>Sequences ended, well or not.</summary>
    public required long EndedCount { get; init; }

    /// <summary>Times a running sequence gave up its blocks.</summary>
    public required long PreemptionCount { get; init; }

    /// <summary>First tokens, of as many sequences.</summary>
    public required long FirstTokenCount { get; init; }

    /// <summary>The times from submission to each of them, together.</summary>
    public required TimeSpan FirstTokenTime { get; init; }

    /// <summary>The times from each further token's predecessor to it, together.</summary>
    public required TimeSpan LaterTokenTime { get; init; }
}
