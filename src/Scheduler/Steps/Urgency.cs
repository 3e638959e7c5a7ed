namespace Llama.Scheduling.Steps;

/// <summary>In which order running sequences get their share of a step.</summary>
internal enum Urgency
{
    /// <summary>One token away from the next draw. There is always room for all of these.</summary>
    Decoding,

    /// <summary>Streaming, but several of its own tokens behind: they were forced, or are computed again after a preemption.</summary>
    CatchingUp,

    /// <summary>Its prompt is not computed yet.</summary>
    Prompt,
}
