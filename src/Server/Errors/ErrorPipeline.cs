namespace Llama.Server.Errors;

/// <summary>Registration of the error answers.</summary>
internal static class ErrorPipeline
{
    public static IServiceCollection AddApiErrors(this IServiceCollection services) => services.AddExceptionHandler<UnexpectedErrors>();

    /// <summary>Gives every failure a JSON body: thrown ones, and the empty 404 and 405 of routing.</summary>
    public static WebApplication UseApiErrors(this WebApplication app)
    {
        // The handler logs what is ours to mend; the middleware would log every broken-off body as an error too.
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = _ => Task.CompletedTask,
            AllowStatusCode404Response = true,
            SuppressDiagnosticsCallback = _ => true,
        });
        app.UseStatusCodePages(page => ErrorResponse.WriteAsync(page.HttpContext, FromStatus(page.HttpContext)));
        return app;
    }

    private static ApiError FromStatus(HttpContext context)
    {
        HttpRequest request = context.Request;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ApiError.UnknownUrl(request.Method, request.Path),
            StatusCodes.Status405MethodNotAllowed => ApiError.MethodNotAllowed(request.Method, request.Path, context.Response.Headers.Allow.ToString()),
            var status => new ApiError(status, $"{request.Method} {request.Path} could not be served.", status >= 500 ? "internal_error" : "invalid_request"),
        };
    }
}
