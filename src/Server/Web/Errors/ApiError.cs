using Llama.Server.Web.Requests;

namespace Llama.Server.Web.Errors;

/// <summary>An expected failure of a request, in OpenAI's terms, which a route may answer as it is. Constructors below are the whole error table.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">What is wrong and what would be right, for the caller.</param>
/// <param name="Code">Stable word for programs.</param>
/// <param name="Param">Path of the field at fault, e.g. <c>messages[2].content</c>.</param>
/// <param name="RetryAfter">When to come again.</param>
/// <param name="ShouldRetry">False where the same request would fail again: OpenAI's clients send it anew, of their own accord, after every other 429 and 5xx.</param>
internal sealed record ApiError(int Status, string Message, string Code, string? Param = null, TimeSpan? RetryAfter = null, bool ShouldRetry = true) : IResult
{
    private const int MostOfText = 8192; // the faults of a long file of keys come whole

    public string Message { get; init; } = Bounded(Message);

    public string? Param { get; init; } = Param is null ? null : Bounded(Param);

    /// <summary>OpenAI's coarse class of the error.</summary>
    public string Type => Status switch
    {
        >= 500 => "server_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        _ => "invalid_request_error",
    };

    public Task ExecuteAsync(HttpContext httpContext) => ErrorResponse.WriteAsync(httpContext, this);

    public static ApiError InvalidJson(string message) => new(400, message, "invalid_json");

    public static ApiError InvalidType(string param, string expected, string actual) =>
        new(400, $"Invalid type for '{param}': expected {expected}, but got {actual}.", "invalid_type", param);

    public static ApiError InvalidValue(string? param, string message) => new(400, message, "invalid_value", param);

    public static ApiError Missing(string param) => new(400, $"Missing required parameter: '{param}'.", "missing_required_parameter", param);

    public static ApiError Unknown(string param) => new(400, $"Unknown parameter: '{param}'.", "unknown_parameter", param);

    public static ApiError UnsupportedParameter(string param, string why) =>
        new(400, $"Unsupported parameter: '{param}'. {why}", "unsupported_parameter", param);

    public static ApiError UnsupportedValue(string param, string why) => new(400, $"Unsupported value for '{param}': {why}", "unsupported_value", param);

    public static ApiError ContextLength(string param, int prompt, int? asked, int limit) => new(
        400,
        $"This model's context length is {limit} tokens. However, your prompt has {prompt} tokens and you asked for {asked?.ToString() ?? "at least 1"} in the "
        + "answer. Please shorten the prompt or ask for fewer.",
        "context_length_exceeded",
        param);

    public static ApiError InputLength(string param, int input, int limit) => new(
        400,
        $"This model's context length is {limit} tokens. However, your input has {input} tokens. Please shorten it, or embed it in parts.",
        "context_length_exceeded",
        param);

    public static ApiError InvalidApiKey(string message) => new(401, message, "invalid_api_key");

    public static ApiError ModelNotAllowed(string key, string model, IEnumerable<string> allowed) =>
        new(403, $"The key '{key}' may not use the model '{model}', only {string.Join(", ", allowed)}.", "model_not_found", "model");

    public static ApiError AdminOff() => new(404, "The admin routes are closed: no Auth:AdminKey is set.", "admin_off");

    public static ApiError NoSuchRequest(string id) => new(404, $"No request with the id '{id}' is under way; /requests lists those that are.", "request_not_found", "id");

    /// <summary>An operator ended the request. Not a status that clients try again after.</summary>
    public static ApiError AbortedByOperator() => new(403, "The request was aborted by an operator of the server.", "request_aborted");

    public static ApiError ModelNotFound(string model) => new(404, $"The model '{model}' does not exist here; the route /v1/models lists those that do.", "model_not_found", "model");

    public static ApiError UnknownUrl(string method, string path) => new(404, $"Unknown request URL: {method} {path}. The routes are OpenAI's, such as /v1/chat/completions: a client's base URL ends in /v1.", "unknown_url");

    public static ApiError MethodNotAllowed(string method, string path, string allowed) =>
        new(405, $"Not allowed to {method} on {(path.Length == 0 ? "*" : path)}; allowed: {allowed}.", "method_not_allowed");

    public static ApiError TooLarge(LargestBody most) => new(413, $"The request body is larger than {most.Bytes} bytes ({most.Setting}).", "request_too_large");

    public static ApiError NotJson(string? contentType) =>
        new(415, $"Content-Type is {(contentType is null ? "missing" : $"'{contentType}'")}; send JSON in UTF-8 as 'application/json'.", "unsupported_media_type");

    public static ApiError Encoded(string encoding) => new(415, $"Content-Encoding is '{encoding}'; send the body uncompressed.", "unsupported_media_type");

    public static ApiError Internal() => new(500, "The server failed while it processed the request. The x-request-id header names it in the server's log.", "internal_error");

    public static ApiError Unavailable(string message, TimeSpan? retryAfter) => new(503, message, "server_unavailable", RetryAfter: retryAfter);

    /// <summary>For a stream that an application's own limit ends.</summary>
    public static ApiError TimeIsUp() => new(504, "The time that the application gives a request is over, and the answer breaks off.", "timeout", ShouldRetry: false);

    public static ApiError Overloaded(string message, TimeSpan? retryAfter) => new(503, message, "server_overloaded", RetryAfter: retryAfter);

    /// <summary>A text that quotes a name from the request, which may be as long as that: without the midst of it, for what it is and what would be right stand at the ends.</summary>
    private static string Bounded(string text)
    {
        if (text.Length <= MostOfText)
            return text;
        int head = MostOfText / 2, tail = text.Length - head;
        if (char.IsLowSurrogate(text[head]))
            head--;
        if (char.IsLowSurrogate(text[tail]))
            tail++;
        return $"{text.AsSpan(0, head)}…{text.AsSpan(tail)}";
    }
}
