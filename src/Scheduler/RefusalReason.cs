namespace Llama.Scheduling;

/// <summary>The kinds of <see cref="Refusal"/>.</summary>
public enum RefusalReason
{
    /// <summary>Prompt and output together pass the context length.</summary>
    ContextLength,

    /// <summary>The request alone needs more blocks than the pool has.</summary>
    PoolSize,

    /// <summary>The queue is full.</summary>
    QueueFull,

    /// <summary>At the measured rate the deadline cannot be met.</summary>
    Deadline,

    /// <summary>The model is not loaded yet.</summary>
    Loading,

    /// <summary>The engine is draining or has stopped.</summary>
    Draining,

    /// <summary>Loading failed, or the loop died: nothing will be served.</summary>
    Failed,
}
