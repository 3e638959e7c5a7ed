using Llama.Server.Web.Requests;

namespace Llama.Server.Web.Logging;

/// <summary>Middleware that writes a line for each request when it is over.</summary>
internal abstract class AccessLog(RequestDelegate next, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        long start = clock.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            Write(context, StatusOf(context), clock.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    /// <param name="context">The request.</param>
    /// <param name="status">What was answered; 499, as nginx has it, where the client left before there was anything; 504 where the time that the application gives was up, whose own policy may say otherwise.</param>
    /// <param name="milliseconds">From its coming to its end.</param>
    protected abstract void Write(HttpContext context, int status, double milliseconds);

    private static int StatusOf(HttpContext context) =>
        !context.RequestAborted.IsCancellationRequested || context.Response.HasStarted ? context.Response.StatusCode
        : HostTimeout.IsUp(context) ? StatusCodes.Status504GatewayTimeout
        : StatusCodes.Status499ClientClosedRequest;
}
