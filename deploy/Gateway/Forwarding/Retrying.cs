using Llama.Gateway.Health;
using Llama.Gateway.Telemetry;
using Llama.Server.Errors;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Forwarding;

/// <summary>
/// Asks one replica after the other, each at most once, until one answers. An answer that has begun is never begun anew: a request has no effects but its answer, so up to there another
/// replica may as well make it.
/// </summary>
internal sealed class Retrying(RequestDelegate next, Ejection ejection, GatewayMetrics metrics)
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(2);

    public async Task InvokeAsync(HttpContext context)
    {
        IReverseProxyFeature proxy = context.GetReverseProxyFeature();
        List<DestinationState> left = [.. proxy.AvailableDestinations];
        var attempt = new Attempt();
        context.Features.Set(attempt);
        while (left.Count > 0)
        {
            await AskAsync(context, proxy, attempt, left);
            if (!attempt.MayGoOn || context.Response.HasStarted)
                break;
            context.Response.Clear();
        }
        if (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested && Error(attempt) is { } error)
            await ErrorResponse.WriteAsync(context, error);
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
        if (attempt.MayGoOn && left.Count > 0)
            metrics.Retried(attempt.Outcome);
    }

    private static ApiError? Error(Attempt attempt) => attempt switch
    {
        { Count: 0 } => ApiError.Unavailable("No replica is ready.", SoonAgain),
        { Outcome: Outcome.Silent } => new ApiError(StatusCodes.Status504GatewayTimeout, "The replica did not answer in time (Gateway:AnswerSeconds).", "gateway_timeout"),
        { Outcome: Outcome.NotKept } => ApiError.Unavailable("The replica that may have what the request refers to cannot be asked now.", SoonAgain),
        { MayGoOn: true } => ApiError.Unavailable("No replica could be reached.", SoonAgain),
        _ => null,
    };
}
