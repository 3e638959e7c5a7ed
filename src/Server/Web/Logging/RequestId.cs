namespace Llama.Server.Web.Logging;

/// <summary>Gives every request an id that the caller, the log and the answer share.</summary>
internal sealed class RequestId(RequestDelegate next)
{
    private const string Header = "x-request-id";

    private const int MaxLength = 128;

    public Task InvokeAsync(HttpContext context)
    {
        string asked = context.Request.Headers[Header].ToString();
        context.Features.Set(this);
        context.TraceIdentifier = IsSane(asked) ? asked : $"req_{Guid.NewGuid():N}";
        // On starting, because the exception handler clears headers set before.
        context.Response.OnStarting(static state =>
        {
            var context = (HttpContext)state;
            context.Response.Headers[Header] = context.TraceIdentifier;
            return Task.CompletedTask;
        }, context);
        return next(context);
    }

    /// <summary>What can go into a header and a log line as it is.</summary>
    private static bool IsSane(string id) => id.Length is > 0 and <= MaxLength && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':');
}
