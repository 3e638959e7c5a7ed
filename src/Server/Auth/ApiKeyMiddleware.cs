using Llama.Server.Errors;
using Llama.Server.Routing;

namespace Llama.Server.Auth;

/// <summary>Lets a request through when it bears a known key, or its route needs none. Every route is closed unless it says so.</summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, ApiKeys keys)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        bool isOpen = keys.AreOpen || context.GetEndpoint()?.Metadata.GetMetadata<KeyFree>() is not null;
        return isOpen ? next(context) : CheckAsync(context);
    }

    private Task CheckAsync(HttpContext context)
    {
        string header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return ErrorResponse.WriteAsync(context, ApiError.InvalidApiKey("You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'."));
        if (keys.Find(header[Scheme.Length..].Trim()) is not { } caller)
            return ErrorResponse.WriteAsync(context, ApiError.InvalidApiKey("Incorrect API key provided."));
        context.Features.Set(caller);
        return next(context);
    }
}
