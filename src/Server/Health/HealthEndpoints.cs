using Llama.Server.Json;
using Llama.Server.Routing;
using Llama.Server.Swagger;

namespace Llama.Server.Health;

/// <summary>The probes of orchestrators and load balancers.</summary>
internal static class HealthEndpoints
{
    public static IServiceCollection AddHealth(this IServiceCollection services) => services.AddSingleton<Heartbeat>();

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder health = routes.MapGroup("").WithTags("Health").WithMetadata(new Probe());
        health.MapGet("/live", LiveAsync).WithSummary("Whether the process should go on: all but a failed or stalled engine").AnswersStatus();
        health.MapGet("/startup", StartupAsync).WithSummary("Whether the model is loaded and has made its first token").AnswersStatus();
        health.MapGet("/ready", ReadyAsync).WithSummary("Whether requests are served").AnswersStatus();
        health.MapGet("/", ReadyAsync).WithSummary("The same as /health/ready").AnswersStatus();
    }

    private static void AnswersStatus(this RouteHandlerBuilder route) => route.Answers<HealthStatus>().Produces<HealthStatus>(StatusCodes.Status503ServiceUnavailable);

    private static Task LiveAsync(HttpContext context, Heartbeat heart) => WriteAsync(context, heart, state => state is not (HealthState.Failed or HealthState.Stalled));

    private static Task StartupAsync(HttpContext context, Heartbeat heart) => WriteAsync(context, heart, state => state is not (HealthState.Failed or HealthState.Loading));

    private static Task ReadyAsync(HttpContext context, Heartbeat heart) => WriteAsync(context, heart, state => state is HealthState.Ok);

    private static Task WriteAsync(HttpContext context, Heartbeat heart, Func<HealthState, bool> isGood)
    {
        HealthState state = heart.State;
        context.Response.StatusCode = isGood(state) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new HealthStatus(Heartbeat.NameOf(state)), ApiJson.Web.HealthStatus);
    }
}
