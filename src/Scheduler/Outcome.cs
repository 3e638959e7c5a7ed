using Llama.Model.Sampling;

namespace Llama.Scheduling;

/// <summary>What a step did to one sequence: a token, an ending, or both.</summary>
internal readonly record struct Outcome(Sequence Sequence, SampledToken? Token, FinishReason? Finish);
