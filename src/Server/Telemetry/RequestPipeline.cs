namespace Llama.Server.Telemetry;

/// <summary>Registration of what goes around every request.</summary>
internal static class RequestPipeline
{
    public static IApplicationBuilder UseRequestIds(this IApplicationBuilder app) => app.UseMiddleware<RequestId>();

    public static IApplicationBuilder UseRequestLog(this IApplicationBuilder app) => app.UseMiddleware<RequestLog>();
}
