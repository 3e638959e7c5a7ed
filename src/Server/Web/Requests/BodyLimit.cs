using System.IO.Pipelines;
using Llama.Server.Web.Errors;
using Microsoft.AspNetCore.Connections;
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

    /// <summary>The wait is ended by the reader's own means: a token would leave the read under way, and the web server, which drains what is left, would log that as a fault.</summary>
    private static async Task DrainAsync(HttpContext context)
    {
        PipeReader body = context.Request.BodyReader;
        using var patience = new CancellationTokenSource(Patience);
        using CancellationTokenRegistration end = patience.Token.Register(body.CancelPendingRead);
        try
        {
            ReadResult read;
            do
            {
                read = await body.ReadAsync();
                body.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted && !read.IsCanceled);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException and not ConnectionResetException) // the caller is gone, or sends more than it announced
        {
        }
    }
}
