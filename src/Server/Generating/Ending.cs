using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>Says why answers ended, in OpenAI's words.</summary>
internal static class Ending
{
    /// <summary>The <c>finish_reason</c> of an answer that ended well.</summary>
    public static string FinishName(this TextStream stream) => stream.Finish is FinishReason.Length or FinishReason.Stop or FinishReason.Completed
        ? stream.EndingName()
        : throw new InvalidOperationException($"{stream.Finish} is not a good ending.");

    /// <summary>The same for an answer that may have ended badly, or not at all, as OpenTelemetry's conventions have it (<c>gen_ai.response.finish_reasons</c>).</summary>
    public static string EndingName(this TextStream stream) => stream.Finish switch
    {
        FinishReason.Length => "length",
        FinishReason.Stop or FinishReason.Completed => stream.HasCalls && !stream.HasPartOfCall ? "tool_calls" : "stop",
        FinishReason.Deadline or FinishReason.Failed => "error",
        _ => "abort",
    };

    /// <summary>Whether the caller left, so that nobody hears an answer.</summary>
    public static bool IsAbandoned(this TextStream stream) => stream.Finish == FinishReason.Aborted;

    /// <summary>Whether it ended badly.</summary>
    public static bool HasFailed(this TextStream stream) => stream.Finish is FinishReason.Deadline or FinishReason.Failed;

    /// <summary>Whether it ended before there was anything of it: its prompt may not have been read to the end, so not even that can be told of.</summary>
    public static bool IsStillborn(this TextStream stream) => !stream.HasPiece && (stream.IsAbandoned() || stream.HasFailed());

    /// <summary>What to tell the caller of an answer that ended badly; null when it did not.</summary>
    /// <param name="stream">The answer.</param>
    /// <param name="engine">What made it: one that shuts down fails what has not ended in time, and another server may answer.</param>
    public static ApiError? Failure(this TextStream stream, Engine engine) => stream.Finish switch
    {
        FinishReason.Deadline => ApiError.Overloaded($"The request's request_timeout was up after {stream.TokenCount} tokens of the answer.", engine.RetryAfter) with { ShouldRetry = false },
        FinishReason.Failed => OfFailed(engine),
        _ => null,
    };

    /// <summary>What to tell the caller of a request that the engine failed.</summary>
    public static ApiError OfFailed(Engine engine) => engine.State is EngineState.Draining or EngineState.Stopped ? RefusalErrors.CutOff() : ApiError.Internal();
}
