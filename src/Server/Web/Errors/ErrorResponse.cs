using System.Globalization;

namespace Llama.Server.Web.Errors;

/// <summary>Writes an <see cref="ApiError"/> as a response.</summary>
internal static class ErrorResponse
{
    public static ErrorBody ToBody(this ApiError error) => new(new ErrorDetail(error.Message, error.Type, error.Param, error.Code));

    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        HttpResponse response = context.Response;
        context.Features.Set(error); // for those who count
        response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = Math.Max(1, (long)Math.Ceiling(wait.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture); // OpenAI's clients look at it first
        }
        if (!error.ShouldRetry)
            response.Headers["x-should-retry"] = "false";
        if (error.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        return response.WriteAsJsonAsync(error.ToBody(), ErrorJson.Web.ErrorBody, cancellationToken: context.RequestAborted);
    }
}
