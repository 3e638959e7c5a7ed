using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Hosting;
using Llama.Server.Web.Logging;
using Llama.Server.Web.Requests;
using Microsoft.Extensions.Options;

namespace Llama.Server.Routing;

/// <summary>What goes around every request to a route of ours, and around no other: an application that hosts them has its own ways.</summary>
internal static class ApiPipeline
{
    public static IServiceCollection AddApiPipeline(this IServiceCollection services) => services.AddSingleton(provider =>
        new LargestBody(provider.GetRequiredService<IOptions<ServerSettings>>().Value.MaxRequestBodyBytes, "Server:MaxRequestBodyBytes"));

    /// <summary>A group of routes inside the pipeline.</summary>
    public static RouteGroupBuilder MapApiGroup(this IEndpointRouteBuilder routes, string prefix)
    {
        if (routes.ServiceProvider.GetService<EngineHost>() is null)
            throw new InvalidOperationException(LlamaHosting.Missing);
        RouteGroupBuilder group = routes.MapGroup(prefix);
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            endpoint.RequestDelegate = Wrap(routes, endpoint);
            AnswerHead(endpoint);
        });
        return group;
    }

    /// <summary>Has what answers GET answer HEAD too (RFC 9110, 9.3.2); the server drops the body.</summary>
    private static void AnswerHead(EndpointBuilder endpoint)
    {
        if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: [var method] } && HttpMethods.IsGet(method))
            endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
    }

    /// <summary>Request ids, log and error bodies. The stand-alone program has them around everything; a request that is inside already goes straight on.</summary>
    public static IApplicationBuilder UseApiRequests(this IApplicationBuilder app) => app.UseWhen(
        context => context.Features.Get<RequestId>() is null,
        first => first.UseMiddleware<RequestId>().UseMiddleware<RequestLog>().UseMiddleware<ThrownErrors>());

    private static RequestDelegate Wrap(IEndpointRouteBuilder routes, EndpointBuilder endpoint)
    {
        RequestDelegate answer = endpoint.RequestDelegate!;
        bool hasEnd = !endpoint.Metadata.OfType<WatchRoute>().Any(); // a watcher's has none: nobody waits for it
        // Made at the first request: it reads settings, which are checked when the host starts.
        var pipeline = new Lazy<RequestDelegate>(() =>
        {
            IApplicationBuilder app = routes.CreateApplicationBuilder().UseApiRequests().UseMiddleware<ModelCalls>().UseMiddleware<ApiKeyMiddleware>().UseMiddleware<BodyLimit>();
            app.Run(answer);
            return app.Build();
        });
        RequestsUnderWay underWay = routes.ServiceProvider.GetRequiredService<RequestsUnderWay>();
        return hasEnd ? context => underWay.CountAsync(context, AnswerAsync) : AnswerAsync;

        async Task AnswerAsync(HttpContext context)
        {
            await pipeline.Value(context);
            HostTimeout.ThrowIfUnanswered(context);
        }
    }
}
