namespace Llama.Scheduling.Frames;

/// <summary>What a sequence does, as seen from outside.</summary>
public enum SequencePhase
{
    /// <summary>Waits to be admitted for the first time.</summary>
    Waiting,

    /// <summary>Waits for another one of its request to compute the prompt that they share.</summary>
    Attached,

    /// <summary>Gave up its blocks to others and waits to be computed again.</summary>
    Preempted,

    /// <summary>Its prompt is being computed.</summary>
    Prefilling,

    /// <summary>Its tokens are being drawn.</summary>
    Decoding,
}
