using Llama.Gateway.Balancing;
using Microsoft.AspNetCore.Http.Features;

namespace Llama.Gateway.Forwarding;

/// <summary>Reads the body, which is forwarded as it is, as often as it takes; and in it where the request belongs.</summary>
internal sealed class BufferedBody(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        var body = new MemoryStream((int)(request.ContentLength ?? 0)); // BodyLimit has seen to the size
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false)
            await request.Body.CopyToAsync(body, context.RequestAborted);
        request.Headers.Expect = default; // the body is here
        request.Body = body;
        context.Features.Set(RoutingKeyReader.Read(request.Path, body.GetBuffer().AsSpan(0, (int)body.Length)));
        await next(context);
    }
}
