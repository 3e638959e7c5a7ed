namespace Llama.Server.Telemetry;

/// <summary>The status that a request's line in the log tells.</summary>
internal static class LoggedStatus
{
    /// <summary>The one that was answered; 499, as nginx has it, where the client left before there was any.</summary>
    public static int Of(HttpContext context) =>
        context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted ? StatusCodes.Status499ClientClosedRequest : context.Response.StatusCode;
}
