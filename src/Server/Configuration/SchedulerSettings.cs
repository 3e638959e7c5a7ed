using System.ComponentModel.DataAnnotations;
using Llama.Scheduling;

namespace Llama.Server.Configuration;

/// <summary>Section <c>Scheduler</c>: the bounds of a step and of the queue.</summary>
internal sealed class SchedulerSettings
{
    /// <summary>Token budget of one step; empty takes what suits the device.</summary>
    [Range(1, 1 << 20)]
    public int? MaxBatchTokens { get; set; }

    [Range(1, 1 << 16)]
    public int MaxSequences { get; set; } = 256;

    [Range(1, 1 << 20)] // every request passes through the queue
    public int MaxQueueLength { get; set; } = 1024;

    public bool PrefixCache { get; set; } = true;

    /// <summary>File to which each request's lengths and times (no text) are recorded, behind what it has; empty records nothing.</summary>
    public string TracePath { get; set; } = "";

    public SchedulerOptions ToOptions() => new()
    {
        MaxBatchTokens = MaxBatchTokens,
        MaxSequences = MaxSequences,
        MaxQueueLength = MaxQueueLength,
        PrefixCache = PrefixCache,
        TracePath = TracePath.Length > 0 ? HomePath.Of(TracePath) : null,
    };
}
