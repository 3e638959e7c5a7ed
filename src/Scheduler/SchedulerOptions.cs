namespace Llama.Scheduling;

/// <summary>Bounds of the scheduler. Section <c>Scheduler</c> of the settings.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Token budget of one step: decode rows and prefill chunks together. Null takes the runner's (<see cref="Model.ModelLimits.BatchTokens"/>).</summary>
    public int? MaxBatchTokens { get; init; }

    /// <summary>Most sequences running at once.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Most requests waiting, beside those that the next step can let run; one more is refused.</summary>
    public int MaxQueueLength { get; init; } = 1024;

    /// <summary>Whether finished prefixes are kept and found again.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>File to write a trace of all requests to (times, lengths and which blocks were equal; no tokens, no text), one JSON line each, behind what it has; null for none.</summary>
    public string? TracePath { get; init; }
}
