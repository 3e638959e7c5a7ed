using Llama.Server.Errors;
using Microsoft.AspNetCore.Authorization;

namespace Llama.Server.Auth;

/// <summary>Lets a request through when it bears a known key, or its endpoint allows anyone. Every endpoint is closed unless it says so.</summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, ApiKeys keys)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        bool isOpen = keys.AreOpen || context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        return isOpen || Check(context.Request.Headers.Authorization.ToString()) is not { } error ? next(context) : ErrorResponse.WriteAsync(context, error);
    }

    private ApiError? Check(string header)
    {
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return ApiError.InvalidApiKey("You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'.");
        return keys.Contains(header[Scheme.Length..].Trim()) ? null : ApiError.InvalidApiKey("Incorrect API key provided.");
    }
}
