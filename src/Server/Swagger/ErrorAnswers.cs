using Llama.Server.Limits;
using Llama.Server.Routing;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Requests;

namespace Llama.Server.Swagger;

/// <summary>Which errors a route can answer with.</summary>
internal static class ErrorAnswers
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private static readonly ErrorAnswer BadBody = new(
        "The body is not JSON, or a field is missing, wrong, out of range or not supported; `param` names it.",
        ApiError.InvalidValue("temperature", "Invalid value for 'temperature': expected a number from 0 to 2, but got 3."));
    private static readonly ErrorAnswer NoKey = new("No key, or a wrong one.", ApiError.InvalidApiKey("Incorrect API key provided."));
    private static readonly ErrorAnswer NoModel = new("No such model is served.", ApiError.ModelNotFound("another-model"));
    private static readonly ErrorAnswer TooLarge = new("The body is too large.", ApiError.TooLarge(new LargestBody(4 << 20, "Server:MaxRequestBodyBytes")));
    private static readonly ErrorAnswer NotJson = new("The body is not said to be JSON, or it is compressed.", ApiError.NotJson("text/plain"));
    private static readonly ErrorAnswer TooMany = new(
        "A limit of the key, or on a server without keys of the address, is reached (routes that generate).",
        LimitErrors.Reached("the key 'shop'", new LimitDecision(
            new LimitAsk("", new LimitRules(60, null, null), 0), new LimitReading(60, 1000, 60_000, 0, 0, 0, 0), LimitKind.Requests, null)));
    private static readonly ErrorAnswer NoAdmin = new("The admin routes are closed.", ApiError.AdminOff());
    private static readonly ErrorAnswer NoRequest = new("No such request is under way, or the admin routes are closed.", ApiError.NoSuchRequest("req_0"));
    private static readonly ErrorAnswer Internal = new("A step of the model failed.", ApiError.Internal());
    private static readonly ErrorAnswer Overloaded = new(
        "The queue is full, the deadline cannot be met, or the server is loading or shutting down.", ApiError.Overloaded("The queue is full (1024 requests wait).", Soon));

    /// <summary>For routes that read their query themselves.</summary>
    public static ErrorAnswer BadQuery { get; } = new("The query asks for what is not done.", ApiError.Unknown("x"));

    /// <param name="metadata">The route's: whether it is open to all, whether it reads a body, and errors of its own.</param>
    /// <param name="hasParameters">Whether its address names something.</param>
    public static IEnumerable<ErrorAnswer> Of(IList<object> metadata, bool hasParameters)
    {
        if (metadata.OfType<KeyFree>().Any())
            return [];
        if (metadata.OfType<RequestFields>().Any())
            return [BadBody, NoKey, NoModel, TooLarge, NotJson, TooMany, Internal, Overloaded];
        if (metadata.OfType<AdminRoute>().Any())
            return [hasParameters ? NoRequest : NoAdmin, NoKey, Internal];
        ErrorAnswer[] common = hasParameters ? [NoKey, NoModel, Internal] : [NoKey, Internal];
        return [.. common, .. metadata.OfType<ErrorAnswer>()]; // of one status the last is shown
    }
}
