using Llama.Server.Web.Errors;

namespace Llama.Server;

/// <summary>A request that a client in this process made and that could not be answered; it says what an HTTP caller would be told.</summary>
public sealed class LlamaException : Exception
{
    internal LlamaException(ApiError error)
        : base(error.Message) => (Status, Code, Param, RetryAfter) = (error.Status, error.Code, error.Param, error.RetryAfter);

    /// <summary>The HTTP status: below 500 the request is at fault.</summary>
    public int Status { get; }

    /// <summary>Stable word for programs, e.g. <c>context_length_exceeded</c>.</summary>
    public string Code { get; }

    /// <summary>Path of the request's field at fault as HTTP names it, e.g. <c>temperature</c> or <c>messages[2].content</c>; null where there is none.</summary>
    public string? Param { get; }

    /// <summary>When it is worth asking again; null where it is not.</summary>
    public TimeSpan? RetryAfter { get; }
}
