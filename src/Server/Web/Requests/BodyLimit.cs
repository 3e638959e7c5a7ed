using Llama.Server.Web.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Llama.Server.Web.Requests;

/// <summary>
/// Sets the largest body of our routes, above or below what the web server allows elsewhere. A body that is announced as larger is read and thrown away first, within
/// bounds: a client that is cut off in mid-upload sees a broken connection instead of the 413, and tries again.
/// </summary>
internal sealed class BodyLimit(RequestDelegate next, LargestBody largest)
{
    private const long MostDrained = 64 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task InvokeAsync(HttpContext context)
    {
        long most = largest.Bytes;
        bool isTooLarge = context.Request.ContentLength > most;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = isTooLarge ? most + MostDrained : most;
        if (!isTooLarge)
        {
            await next(context);
            return;
        }
        // Who expects 100-continue has sent nothing yet and will not.
        if (context.Request.Headers.Expect.Count == 0 && context.Request.ContentLength <= most + MostDrained)
            await DrainAsync(context);
        await ErrorResponse.WriteAsync(context, ApiError.TooLarge(largest));
    }

    private static async Task DrainAsync(HttpContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        end.CancelAfter(Patience);
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null, end.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
        }
    }
}
