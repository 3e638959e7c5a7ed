namespace Llama.Server.Web.Requests;

/// <summary>Answers HEAD, which probes and caches ask with.</summary>
internal static class HeadRequests
{
    /// <summary>Treats HEAD as GET (RFC 9110, 9.3.2); the server sends the headers and drops the body, since it is not told of the change.</summary>
    public static WebApplication UseHeadAsGet(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            if (HttpMethods.IsHead(context.Request.Method))
            {
                context.Request.Method = HttpMethods.Get;
                context.Features.Set(new Changed());
            }
            return next(context);
        });
        return app;
    }

    /// <summary>Whether only the headers of an answer are wanted.</summary>
    public static bool IsHead(HttpContext context) => HttpMethods.IsHead(context.Request.Method) || context.Features.Get<Changed>() is not null;

    private sealed record Changed;
}
