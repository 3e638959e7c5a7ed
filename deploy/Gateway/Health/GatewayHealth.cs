using Llama.Gateway.Hosting;
using Llama.Gateway.Telemetry;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Health;

/// <summary>The gateway's own health: alive while it answers, ready while a replica is and it has not been told to stop.</summary>
internal static class GatewayHealth
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapGatewayHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/health/live", Methods, (HttpContext context, Drain drain) => WriteAsync(context, drain.IsDraining ? "draining" : "ok", isGood: true)).WithMetadata(new Routine());
        foreach (string path in (string[])["/health", "/health/ready", "/health/startup"])
            routes.MapMethods(path, Methods, (HttpContext context, Drain drain, IProxyStateLookup replicas) => WriteReadyAsync(context, drain, replicas)).WithMetadata(new Routine());
    }

    private static Task WriteReadyAsync(HttpContext context, Drain drain, IProxyStateLookup replicas)
    {
        string status = drain.IsDraining ? "draining" : replicas.GetClusters().Any(HasReady) ? "ok" : "no replica is ready";
        return WriteAsync(context, status, isGood: status == "ok");
    }

    private static bool HasReady(ClusterState cluster) => cluster.DestinationsState.AvailableDestinations.Any(replica => replica.Health.Active == DestinationHealth.Healthy);

    private static Task WriteAsync(HttpContext context, string status, bool isGood)
    {
        context.Response.StatusCode = isGood ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync($$"""{"status":"{{status}}"}""");
    }
}
