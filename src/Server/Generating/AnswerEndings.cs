using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>Says why answers ended.</summary>
internal static class AnswerEndings
{
    /// <summary>Why it ended; <see cref="AnswerEnding.Abort"/> for one that has not.</summary>
    public static AnswerEnding Ending(this TextStream stream) => stream.Finish switch
    {
        FinishReason.Length => AnswerEnding.Length,
        FinishReason.Stop or FinishReason.Completed => stream.HasCalls && !stream.HasPartOfCall ? AnswerEnding.ToolCalls : AnswerEnding.Stop,
        FinishReason.Deadline or FinishReason.Failed => AnswerEnding.Error,
        _ => AnswerEnding.Abort,
    };

    /// <summary>As OpenAI's <c>finish_reason</c> has it, and OpenTelemetry's <c>gen_ai.response.finish_reasons</c> for an answer that did not end well.</summary>
    public static string Spelled(this AnswerEnding ending) => ending switch
    {
        AnswerEnding.Stop => "stop",
        AnswerEnding.Length => "length",
        AnswerEnding.ToolCalls => "tool_calls",
        AnswerEnding.Error => "error",
        _ => "abort",
    };

    /// <summary>Whether the caller left, so that nobody hears an answer.</summary>
    public static bool IsAbandoned(this TextStream stream) => stream.Finish == FinishReason.Aborted;

    /// <summary>Whether it ended badly.</summary>
    public static bool HasFailed(this TextStream stream) => stream.Ending() == AnswerEnding.Error;

    /// <summary>Whether it ended before there was anything of it: its prompt may not have been read to the end, so not even that can be told of.</summary>
    public static bool IsStillborn(this TextStream stream) => !stream.HasPiece && (stream.IsAbandoned() || stream.HasFailed());

    /// <summary>What to tell the caller of an answer that ended badly; null when it did not.</summary>
    /// <param name="stream">The answer.</param>
    /// <param name="engine">What made it.</param>
    public static ApiError? Failure(this TextStream stream, Engine engine) => stream.Finish switch
    {
        FinishReason.Deadline => ApiError.Overloaded($"The request's request_timeout was up after {stream.TokenCount} tokens of the answer.", engine.RetryAfter) with { ShouldRetry = false },
        FinishReason.Failed => RefusalErrors.Failed(engine),
        _ => null,
    };
}
