namespace Llama.Scheduling;

/// <summary>The kinds of <see cref="Message"/>.</summary>
internal enum MessageKind
{
    /// <summary>Look at the engine's state again.</summary>
    Wake,

    /// <summary>Serve this sequence, and with a leader its forks.</summary>
    Submit,

    /// <summary>The caller of this sequence left.</summary>
    Abort,
}
