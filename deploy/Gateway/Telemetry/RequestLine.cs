using Llama.Gateway.Forwarding;
using Llama.Server.Web.Logging;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Telemetry;

/// <summary>One line per request, without a word of its text; probes and scrapes only at Debug.</summary>
internal sealed partial class RequestLine(RequestDelegate next, TimeProvider clock, ILogger<RequestLine> logger) : AccessLog(next, clock)
{
    protected override void Write(HttpContext context, int status, double milliseconds)
    {
        bool isRoutine = context.GetEndpoint()?.Metadata.GetMetadata<Routine>() is not null;
        Log.Answered(
            logger, isRoutine ? LogLevel.Debug : LogLevel.Information, context.Request.Method, context.Request.Path,
            status, milliseconds, context.TraceIdentifier,
            context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination?.Model.Config.Address ?? "none",
            context.Features.Get<Attempt>()?.Count ?? 0, context.Features.Get<Attempt>()?.Outcome ?? Outcome.Answered);
    }

    private static partial class Log
    {
        [LoggerMessage("{Method} {Path} {Status} in {Milliseconds:0.0} ms: {RequestId}, replica {Replica}, tries {Tries}, {Outcome}")]
        public static partial void Answered(
            ILogger logger, LogLevel level, string method, string path, int status, double milliseconds, string requestId, string replica, int tries, Outcome outcome);
    }
}
