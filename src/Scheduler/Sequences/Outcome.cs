using Llama.Model.Sampling;

namespace Llama.Scheduling.Sequences;

/// <summary>What a step did to one sequence: a token, an ending, or both.</summary>
internal readonly record struct Outcome(Sequence Sequence, SampledToken? Token, FinishReason? Finish)
{
    /// <summary>Which of the sequence's generated tokens it is, from 1; 0 without one.</summary>
    public int Number { get; init; }

    /// <summary>Timestamp of the token before it; for the first one, of the sequence's arrival.</summary>
    public long Since { get; init; }

    /// <summary>What failed the sequence alone; null when nothing did, or the whole step.</summary>
    public Exception? Fault { get; init; }
}
