using Llama.Gateway.Configuration;
using Llama.Gateway.Health;
using Llama.Gateway.Telemetry;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Forwarding;

/// <summary>
/// Asks one replica after the other, each at most once, until one answers. An answer that has begun is never begun anew: a request has no effects but its answer, so up to there another
/// replica may as well make it. Unless the request is what replicas die of: it does not get to all of them.
/// </summary>
internal sealed class Retrying(RequestDelegate next, Ejection ejection, GatewayMetrics metrics, IOptions<GatewaySettings> settings)
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(2);

    public async Task InvokeAsync(HttpContext context)
    {
        IReverseProxyFeature proxy = context.GetReverseProxyFeature();
        List<DestinationState> left = [.. proxy.AvailableDestinations];
        var attempt = new Attempt(settings.Value.MaxFailures);
        context.Features.Set(attempt);
        while (left.Count > 0 && !attempt.IsSuspect)
        {
            await AskAsync(context, proxy, attempt, left);
            if (!attempt.IsOpen || context.Response.HasStarted)
                break;
            context.Response.Clear();
        }
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested || Error(attempt) is not { } error)
            return;
        await ErrorResponse.WriteAsync(context, error with { ShouldRetry = !attempt.IsSuspect }); // OpenAI's clients would send it to two more, and again
    }

    private async Task AskAsync(HttpContext context, IReverseProxyFeature proxy, Attempt attempt, List<DestinationState> left)
    {
        attempt.Begin(isLast: left.Count == 1);
        proxy.AvailableDestinations = left;
        proxy.ProxiedDestination = null;
        context.Request.Body.Position = 0;
        await next(context);
        DestinationState asked = proxy.ProxiedDestination ?? left[0];
        left.Remove(asked);
        attempt.End(context);
        ejection.Consider(proxy.Route.Cluster!, asked, attempt.Outcome);
        metrics.Asked(asked.Model.Config.Address, attempt.Outcome, context.Response.StatusCode);
        if (attempt is { IsOpen: true, IsSuspect: false } && left.Count > 0)
            metrics.Retried(attempt.Outcome);
    }

    private static ApiError? Error(Attempt attempt) => attempt switch
    {
        { Count: 0 } => ApiError.Unavailable("No replica is ready.", SoonAgain),
        { Outcome: Outcome.Silent } => new ApiError(StatusCodes.Status504GatewayTimeout, "The replica did not answer in time (Gateway:AnswerSeconds).", "gateway_timeout"),
        { Outcome: Outcome.NotKept } => ApiError.Unavailable("The replica that may have what the request refers to cannot be asked now.", SoonAgain),
        { IsSuspect: true } => ApiError.Unavailable("Replicas broke off over this request before they answered; it is sent to no more of them (Gateway:MaxFailures).", retryAfter: null),
        { IsOpen: true } => ApiError.Unavailable("No replica could be reached.", SoonAgain),
        _ => null,
    };
}
