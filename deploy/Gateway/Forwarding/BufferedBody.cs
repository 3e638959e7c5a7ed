using Llama.Gateway.Balancing;
using Llama.Server.Web.Requests;
using Microsoft.AspNetCore.Http.Features;

namespace Llama.Gateway.Forwarding;

/// <summary>Reads the body, which is forwarded as it is, as often as it takes; and in it where the request belongs.</summary>
internal sealed class BufferedBody(RequestDelegate next)
{
    private const int MostUnseen = 64 << 10; // bytes that an announcement alone gets

    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 0, MostUnseen)); // BodyLimit has seen to the size
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false)
            await ReadAsync(context, body);
        request.Headers.Expect = default; // the body is here
        request.Body = body;
        context.Features.Set(RoutingKeyReader.Read(request.Path, body.GetBuffer().AsSpan(0, (int)body.Length)));
        await next(context);
    }

    private static async Task ReadAsync(HttpContext context, MemoryStream body)
    {
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }
        catch (IOException fault) when (MalformedBody.IsCauseOf(fault))
        {
            throw new BadHttpRequestException(fault.Message, fault);
        }
    }
}
