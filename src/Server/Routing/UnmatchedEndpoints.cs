using Llama.Server.Web.Errors;
using Microsoft.AspNetCore.Routing.Template;

namespace Llama.Server.Routing;

/// <summary>Answers what no route takes: 404, or 405 where only the method is wrong.</summary>
internal static class UnmatchedEndpoints
{
    /// <summary>Takes what is left of a pattern when every other route has been tried.</summary>
    public static void MapUnmatched(this IEndpointRouteBuilder routes, string pattern) =>
        routes.Map(pattern, AnswerAsync).WithOrder(int.MaxValue).WithMetadata(new Unmatched()).ExcludeFromDescription();

    /// <summary>Takes a path of OpenAI's that there is not, where another route's pattern has ids in that place: by them it would be told the wrong method.</summary>
    public static void MapUnknown(this IEndpointRouteBuilder routes, string pattern) =>
        routes.Map(pattern, AnswerUnknownAsync).WithOrder(int.MaxValue).ExcludeFromDescription();

    /// <summary>The routes that take the path with another method; where patterns of several kinds do, those of the most exact kind.</summary>
    public static RouteEndpoint[] Fitting(HttpContext context)
    {
        RouteEndpoint[] all = [.. context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint =>
            endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not null
            && new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(context.Request.Path, []))];
        return [.. all.Where(endpoint => endpoint.RoutePattern.InboundPrecedence == all.Min(other => other.RoutePattern.InboundPrecedence))];
    }

    private static Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        string allowed = string.Join(", ", Fitting(context).SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods).Distinct().Order());
        if (allowed.Length == 0)
            return AnswerUnknownAsync(context);
        string path = request.PathBase + request.Path;
        context.Response.Headers.Allow = allowed;
        return ErrorResponse.WriteAsync(context, ApiError.MethodNotAllowed(request.Method, path, allowed));
    }

    private static Task AnswerUnknownAsync(HttpContext context) =>
        ErrorResponse.WriteAsync(context, ApiError.UnknownUrl(context.Request.Method, context.Request.PathBase + context.Request.Path));
}
