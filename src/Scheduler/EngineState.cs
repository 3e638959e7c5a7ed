namespace Llama.Scheduling;

/// <summary>Where an engine is in its life.</summary>
public enum EngineState
{
    /// <summary>The model is being loaded.</summary>
    Loading,

    /// <summary>Requests are served.</summary>
    Ready,

    /// <summary>Running requests go on; new ones are refused.</summary>
    Draining,

    /// <summary>Ended as asked.</summary>
    Stopped,

    /// <summary>Loading failed or the loop died.</summary>
    Failed,
}
