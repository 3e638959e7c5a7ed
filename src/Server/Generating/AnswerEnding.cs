namespace Llama.Server.Generating;

/// <summary>Why an answer ended, as whoever asked is told. The engine's own <see cref="Scheduling.FinishReason"/>s are about tokens and know of no tools.</summary>
internal enum AnswerEnding
{
    /// <summary>By itself, or with a text that was to end it.</summary>
    Stop,

    /// <summary>At its token limit.</summary>
    Length,

    /// <summary>With the calls that it makes.</summary>
    ToolCalls,

    /// <summary>Badly: a step failed, or its time was up.</summary>
    Error,

    /// <summary>Nobody waits for it any more.</summary>
    Abort,
}
