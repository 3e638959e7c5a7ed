namespace Llama.Scheduling.Frames;

/// <summary>What one step computed.</summary>
/// <param name="PromptTokens">Tokens of prompts.</param>
/// <param name="DecodeTokens">Tokens behind prompts: one for each sequence that streams, more for one that is computed again.</param>
/// <param name="SequenceCount">Sequences in it.</param>
/// <param name="Duration">Time that the model took.</param>
public readonly record struct ComputedStep(int PromptTokens, int DecodeTokens, int SequenceCount, TimeSpan Duration);
