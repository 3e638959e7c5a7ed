using Llama.Server.Configuration;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;

namespace Llama.Server.Errors;

/// <summary>Answers whatever an endpoint throws: bodies that break off or are too large, and our own bugs. Never shows a stack trace.</summary>
internal sealed partial class UnexpectedErrors(IOptions<ServerSettings> settings, ILogger<UnexpectedErrors> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellation)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return true;
        ApiError error = exception is BadHttpRequestException bad ? FromBadRequest(bad) : ApiError.Internal();
        if (error.Status >= 500)
            Log.Failed(logger, context.Request.Path, exception);
        await ErrorResponse.WriteAsync(context, error);
        return true;
    }

    private ApiError FromBadRequest(BadHttpRequestException exception) => exception.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => ApiError.TooLarge(settings.Value.MaxRequestBodyBytes),
        var status => new ApiError(status, $"The request could not be read: {exception.Message}", "invalid_request"),
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Path} failed")]
        public static partial void Failed(ILogger logger, string path, Exception exception);
    }
}
