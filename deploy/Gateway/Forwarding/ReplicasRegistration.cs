using System.Text;
using Llama.Gateway.Balancing;
using Llama.Gateway.Configuration;
using Llama.Gateway.Health;
using Llama.Gateway.Hosting;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Transforms;

namespace Llama.Gateway.Forwarding;

/// <summary>Registration of the proxy and its way around a request.</summary>
internal static class ReplicasRegistration
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    // Less than the 130 s after which the server closes such a connection: a request must not meet its end.
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    public static void AddReplicas(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddSingleton<StoredResponses>().AddSingleton<Ejection>().AddSingleton<ReplicaAnswer>();
        services.AddSingleton<ILoadBalancingPolicy, PrefixAffinity>();
        services.AddSingleton<IActiveHealthCheckPolicy, Readiness>();
        services.AddSingleton<IProxyConfigProvider>(provider => ReplicasConfig.Of(provider.GetRequiredService<IOptions<GatewaySettings>>().Value));
        IReverseProxyBuilder proxy = services.AddReverseProxy()
            .ConfigureHttpClient((_, handler) =>
            {
                (handler.ConnectTimeout, handler.PooledConnectionIdleTimeout) = (ConnectTimeout, IdleTimeout);
                handler.RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8; // as they are read; by itself it forwards ASCII only
                handler.ActivityHeadersPropagator = null; // the caller's trace goes on as it came: ours would name a span that is not exported, and say of a trace that nobody has begun that it is not sampled
            })
            .AddTransforms(transforms =>
            {
                transforms.AddRequestTransform(NameRequest);
                transforms.ResponseTransforms.Add(transforms.Services.GetRequiredService<ReplicaAnswer>());
            });
        // Not by itself: a name that stands for one machine may have several addresses, as localhost has. Read unchecked: the host is made before the settings are checked.
        if (new SettingsSection<GatewaySettings>("Gateway", builder.Configuration).Read().LookUpSeconds is > 0 and var seconds)
            proxy.AddDnsDestinationResolver(names => names.RefreshPeriod = TimeSpan.FromSeconds(seconds)).AddPatience(TimeSpan.FromSeconds(seconds));
    }

    public static void MapReplicas(this WebApplication app)
    {
        Drain drain = app.Services.GetRequiredService<Drain>();
        app.MapReverseProxy(proxy =>
        {
            proxy.Use((context, next) => drain.InvokeAsync(context, _ => next(context)));
            proxy.Use((context, next) => HttpMethods.IsConnect(context.Request.Method) ? RefuseTunnelAsync(context) : next(context));
            proxy.UseMiddleware<BodyLimit>();
            proxy.UseMiddleware<BufferedBody>();
            proxy.UseMiddleware<Retrying>();
            proxy.UseLoadBalancing();
        });
    }

    /// <summary>The client of the replicas cannot send CONNECT, and that it failed would be held against a replica that never saw it.</summary>
    private static Task RefuseTunnelAsync(HttpContext context)
    {
        const string allowed = "DELETE, GET, HEAD, POST";
        context.Response.Headers.Allow = allowed;
        return ErrorResponse.WriteAsync(context, ApiError.MethodNotAllowed(context.Request.Method, context.Request.Path, allowed));
    }

    /// <summary>The id that the caller is told is the one in the replica's log too.</summary>
    private static ValueTask NameRequest(RequestTransformContext context)
    {
        context.ProxyRequest.Headers.Remove("x-request-id");
        context.ProxyRequest.Headers.TryAddWithoutValidation("x-request-id", context.HttpContext.TraceIdentifier);
        return default;
    }
}
