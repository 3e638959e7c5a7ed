namespace Llama.Scheduling;

/// <summary>Why a generation ended. Every accepted request ends in exactly one of these.</summary>
public enum FinishReason
{
    /// <summary>A stop token was drawn.</summary>
    Stop,

    /// <summary>Its <see cref="GenerationRequest.Guide"/> lets nothing follow; the last token, if there is one, is part of the output.</summary>
    Completed,

    /// <summary>The token limit or the context length was reached.</summary>
    Length,

    /// <summary>The caller left.</summary>
    Aborted,

    /// <summary>Its time was up.</summary>
    Deadline,

    /// <summary>The step that held it failed, or the engine stopped.</summary>
    Failed,
}
