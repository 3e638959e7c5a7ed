using Llama.Server.Auth;
using Llama.Server.Routing;
using Llama.Server.Web.Logging;

namespace Llama.Server.Telemetry;

/// <summary>One line per request; probes and scrapes only at Debug.</summary>
internal sealed partial class RequestLog(RequestDelegate next, TimeProvider clock, ILogger<RequestLog> logger) : AccessLog(next, clock)
{
    protected override void Write(HttpContext context, int status, double milliseconds)
    {
        Endpoint? endpoint = context.GetEndpoint();
        string route = Route(context, endpoint)?.RoutePattern.RawText ?? "unknown";
        string key = Caller.NameOf(context);
        if (context.Features.Get<RequestSummary>() is { } made)
        {
            Log.Generated(
                logger, context.Request.Method, route, status, milliseconds, context.TraceIdentifier, key, made.Model,
                made.Usage.PromptTokens, made.Usage.PromptTokensDetails.CachedTokens, made.Usage.CompletionTokens,
                made.TimeToFirstToken?.TotalMilliseconds, made.Endings);
        }
        else if (context.Features.Get<EmbeddingSummary>() is { } embedded)
        {
            Log.Embedded(
                logger, context.Request.Method, route, status, milliseconds, context.TraceIdentifier, key, embedded.Model, embedded.InputCount, embedded.TokenCount);
        }
        else
        {
            bool isRoutine = endpoint?.Metadata.GetMetadata<Probe>() is not null || ((HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) && status < 400);
            LogLevel level = isRoutine ? LogLevel.Debug : LogLevel.Information;
            Log.Answered(logger, level, context.Request.Method, route, status, milliseconds, context.TraceIdentifier, key);
        }
    }

    /// <summary>The route that was asked, be it with a method that it does not take.</summary>
    private static RouteEndpoint? Route(HttpContext context, Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<Unmatched>() is null ? endpoint as RouteEndpoint : UnmatchedEndpoints.Fitting(context).FirstOrDefault();

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "{Method} {Route} {Status} in {Milliseconds:0.0} ms: {RequestId} {Key} {Model}, tokens {Prompt} prompt ({Cached} cached) + {Completion} completion, "
            + "first after {First:0.0} ms, ended by {Endings}")]
        public static partial void Generated(
            ILogger logger, string method, string route, int status, double milliseconds, string requestId, string key, string model, int prompt, int cached, int completion,
            double? first, string endings);

        [LoggerMessage(LogLevel.Information, "{Method} {Route} {Status} in {Milliseconds:0.0} ms: {RequestId} {Key} {Model}, {Inputs} inputs of {Tokens} tokens")]
        public static partial void Embedded(
            ILogger logger, string method, string route, int status, double milliseconds, string requestId, string key, string model, int inputs, int tokens);

        [LoggerMessage("{Method} {Route} {Status} in {Milliseconds:0.0} ms: {RequestId} {Key}")]
        public static partial void Answered(ILogger logger, LogLevel level, string method, string route, int status, double milliseconds, string requestId, string key);
    }
}
