using Llama.Server.Errors;
using Microsoft.AspNetCore.Routing.Template;

namespace Llama.Server.Routing;

/// <summary>Answers what no route takes: 404, or 405 where only the method is wrong.</summary>
internal static class UnmatchedEndpoints
{
    /// <summary>Takes what is left of a pattern when every other route has been tried.</summary>
    public static void MapUnmatched(this IEndpointRouteBuilder routes, string pattern) =>
        routes.Map(pattern, AnswerAsync).WithOrder(int.MaxValue).WithMetadata(new Unmatched()).ExcludeFromDescription();

    private static Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        string allowed = string.Join(", ", AllowedMethods(context).Distinct().Order());
        string path = request.PathBase + request.Path;
        if (allowed.Length == 0)
            return ErrorResponse.WriteAsync(context, ApiError.UnknownUrl(request.Method, path));
        context.Response.Headers.Allow = allowed;
        return ErrorResponse.WriteAsync(context, ApiError.MethodNotAllowed(request.Method, path, allowed));
    }

    private static IEnumerable<string> AllowedMethods(HttpContext context) =>
        from endpoint in context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(context.Request.Path, [])
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
        select method;
}
