using Llama.Model.Sampling;

namespace Llama.Scheduling;

/// <summary>One step of one generation: a token, an ending, or both.</summary>
/// <param name="Token">The drawn token; null when the generation ended without one.</param>
/// <param name="Finish">Set on the last event.</param>
public readonly record struct GenerationEvent(SampledToken? Token, FinishReason? Finish);
