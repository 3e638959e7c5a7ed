namespace Llama.Server.Health;

/// <summary>How the server does; the health routes say it in lower case.</summary>
internal enum HealthState
{
    /// <summary>Requests are served.</summary>
    Ok,

    /// <summary>The model is being loaded, or has not made its first token.</summary>
    Loading,

    /// <summary>New requests are refused: the host stops, or an operator wants the running ones to end.</summary>
    Draining,

    /// <summary>The model could not be loaded, or its engine died.</summary>
    Failed,

    /// <summary>Requests are under way, and no step has ended for long.</summary>
    Stalled,
}
