using Llama.Server.Json;
using Llama.Server.Routing;
using Llama.Server.Swagger;

namespace Llama.Server.Health;

/// <summary>The probes of orchestrators and load balancers.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder health = routes.MapGroup("").WithTags("Health").WithMetadata(new Probe());
        health.MapGet("/live", LiveAsync).WithSummary("Whether the process should go on: all but a failed or stalled engine").AnswersStatus();
        health.MapGet("/startup", StartupAsync).WithSummary("Whether the model is loaded and has made its first token").AnswersStatus();
        health.MapGet("/ready", ReadyAsync).WithSummary("Whether requests are served").AnswersStatus();
        health.MapGet("/", ReadyAsync).WithSummary("The same as /health/ready").AnswersStatus();
    }

    private static void AnswersStatus(this RouteHandlerBuilder route) => route.Answers<HealthStatus>().Produces<HealthStatus>(StatusCodes.Status503ServiceUnavailable);

    private static Task LiveAsync(HttpContext context, Heartbeat heart) => WriteAsync(context, heart.Status, status => status is not ("failed" or "stalled"));

    private static Task StartupAsync(HttpContext context, Heartbeat heart) => WriteAsync(context, heart.Status, status => status is not ("failed" or "loading"));

    private static Task ReadyAsync(HttpContext context, Heartbeat heart) => WriteAsync(context, heart.Status, status => status is "ok");

    private static Task WriteAsync(HttpContext context, string status, Func<string, bool> isGood)
    {
        context.Response.StatusCode = isGood(status) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new HealthStatus(status), ApiJson.Web.HealthStatus);
    }
}
