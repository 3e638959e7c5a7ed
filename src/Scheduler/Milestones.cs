namespace Llama.Scheduling;

/// <summary>When a request passed from one stage to the next; timestamps of the engine's clock.</summary>
/// <param name="Submitted">It was accepted.</param>
/// <param name="Admitted">It got its first blocks; null before.</param>
/// <param name="FirstToken">Its first token was told of; null before.</param>
/// <param name="LastToken">The last one so far.</param>
public readonly record struct Milestones(long Submitted, long? Admitted, long? FirstToken, long? LastToken);
