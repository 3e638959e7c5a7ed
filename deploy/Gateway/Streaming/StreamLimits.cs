namespace Llama.Gateway.Streaming;

/// <summary>When a stream is ended that does not end by itself.</summary>
/// <param name="Silence">How long a replica may send nothing, not even a comment.</param>
/// <param name="Stop">Cancelled when the gateway has no more time.</param>
/// <param name="Clock">Times the silence.</param>
internal sealed record StreamLimits(TimeSpan Silence, CancellationToken Stop, TimeProvider Clock);
