using Microsoft.AspNetCore.Http.Timeouts;

namespace Llama.Server.Web.Requests;

/// <summary>
/// The time limit that a hosting application sets for our requests (<c>AddRequestTimeouts</c>). When it is over, <c>RequestAborted</c> is cancelled as if the caller had left; only the feature tells the difference.
/// The caller is still there, and the application's middleware answers it, unless an answer has begun.
/// </summary>
internal static class HostTimeout
{
    /// <summary>Whether it is over.</summary>
    public static bool IsUp(HttpContext context) => context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true;

    /// <exception cref="OperationCanceledException">The application's middleware waits for this to write its answer.</exception>
    public static void ThrowIfUnanswered(HttpContext context)
    {
        if (!context.Response.HasStarted && IsUp(context))
            throw new OperationCanceledException(context.RequestAborted);
    }
}
