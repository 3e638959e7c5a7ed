using Llama.Server.Web.Requests;

namespace Llama.Server.Web.Errors;

/// <summary>Answers whatever a route throws: bodies that break off or are too large, and our own bugs. Never shows a stack trace.</summary>
internal sealed partial class ThrownErrors(RequestDelegate next, LargestBody largest, ILogger<ThrownErrors> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (LostCaller.IsCauseOf(exception))
        {
            LeaveAlone(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            if (!context.RequestAborted.IsCancellationRequested)
                await AnswerAsync(context, exception);
        }
    }

    /// <summary>The caller is gone, which a read of the body may learn before anybody else. To the web server that read is still under way: unless told, it would drain what is left, and log that as a fault.</summary>
    private static void LeaveAlone(HttpContext context)
    {
        context.Abort();
        if (!context.Response.HasStarted)
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest; // RequestAborted comes later, maybe behind the line of the log
    }

    private Task AnswerAsync(HttpContext context, Exception exception)
    {
        ApiError error = exception is BadHttpRequestException bad ? FromBadRequest(bad) : ApiError.Internal();
        if (error.Status >= 500)
            Log.Failed(logger, context.Request.Path, exception);
        context.Response.Clear();
        return ErrorResponse.WriteAsync(context, error);
    }

    private ApiError FromBadRequest(BadHttpRequestException exception) => exception.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => ApiError.TooLarge(largest),
        StatusCodes.Status408RequestTimeout => new ApiError(408, "The body of the request came too slowly, or broke off; send it again.", "invalid_request"),
        var status => new ApiError(status, $"The request could not be read: {exception.Message}", "invalid_request"),
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Path} failed")]
        public static partial void Failed(ILogger logger, string path, Exception exception);
    }
}
