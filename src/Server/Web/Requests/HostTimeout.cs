using Microsoft.AspNetCore.Http.Timeouts;

namespace Llama.Server.Web.Requests;

/// <summary>
/// The time that an application gives our requests (its <c>RequestTimeouts</c>). When it is up that looks like a caller who left, but for the feature: the caller is still there, and the application answers by
/// its own policy, unless an answer has begun.
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
