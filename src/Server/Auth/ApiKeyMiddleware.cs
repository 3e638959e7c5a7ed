using System.Diagnostics;
using Llama.Server.Routing;
using Llama.Server.Web.Errors;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;

namespace Llama.Server.Auth;

/// <summary>Lets a request through when it bears a key that its route takes, or its route needs none. Every route is closed unless it says so.</summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, ApiKeys keys, OperatorKeys operators)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        EndpointMetadataCollection? route = context.GetEndpoint()?.Metadata;
        if (route?.GetMetadata<KeyFree>() is not null)
            return next(context);
        if (route?.GetMetadata<AdminRoute>() is not null)
            return EnterAdminAsync(context, isGuarded: route.GetMetadata<IAuthorizeData>() is not null);
        if (route?.GetMetadata<MetricsRoute>() is not null)
            return operators.HasMetricsKey ? EnterAsync(context, operators.MayScrape) : next(context);
        if (route?.GetMetadata<WatchRoute>() is not null && KeyOf(context) is { } given && operators.IsAdmin(given))
        {
            context.Features.Set(new Operator());
            return next(context);
        }
        return keys.AreOpen ? next(context) : EnterAsync(context, key => TryEnter(context, key));
    }

    /// <summary>Closed to all without a key of their own, unless the application that hosts them has its own guard before them.</summary>
    private Task EnterAdminAsync(HttpContext context, bool isGuarded)
    {
        if (operators.HasAdminKey)
            return EnterAsync(context, operators.IsAdmin);
        return isGuarded ? next(context) : ErrorResponse.WriteAsync(context, ApiError.AdminOff());
    }

    private Task EnterAsync(HttpContext context, Func<string, bool> isRight)
    {
        if (KeyOf(context) is not { } key)
            return ErrorResponse.WriteAsync(context, ApiError.InvalidApiKey("You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'."));
        return isRight(key) ? next(context) : ErrorResponse.WriteAsync(context, ApiError.InvalidApiKey("Incorrect API key provided."));
    }

    /// <summary>The key that a request bears; null when it bears none.</summary>
    private static string? KeyOf(HttpContext context)
    {
        string header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }

    private bool TryEnter(HttpContext context, string key)
    {
        if (keys.Find(key) is not { } caller)
            return false;
        context.Features.Set(caller);
        Activity? span = context.Features.Get<IHttpActivityFeature>()?.Activity;
        span?.SetTag("enduser.id", caller.Key!.Name);
        return true;
    }
}
