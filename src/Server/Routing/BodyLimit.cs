using Llama.Server.Configuration;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Llama.Server.Routing;

/// <summary>Sets the largest body of our routes, above or below what the web server allows elsewhere.</summary>
internal sealed class BodyLimit(RequestDelegate next, IOptions<ServerSettings> settings)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = settings.Value.MaxRequestBodyBytes;
        return next(context);
    }
}
