using Microsoft.AspNetCore.Http;

namespace Llama.Gateway.Tests.Hosting;

/// <summary>Ways for a replica to answer.</summary>
internal static class Answers
{
    public const string Event = "data: {\"choices\":[]}\n\n";

    public static Func<HttpContext, Task> Text(string text) => context => context.Response.WriteAsync(text);

    public static Func<HttpContext, Task> Error(int status, string code) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = "7";
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync($$$"""{"error":{"message":"no","type":"server_error","param":null,"code":"{{{code}}}"}}""");
    };

    /// <summary>Breaks the connection before there is a status.</summary>
    public static Task Reset(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>Announces a body of which nothing comes: the web server sends the head and ends the connection.</summary>
    public static Task HeadAlone(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "7";
        context.Response.ContentLength = 100;
        return context.Response.Body.FlushAsync();
    }

    /// <summary>Sends a text and breaks the connection.</summary>
    /// <param name="contentType">Of the answer.</param>
    /// <param name="text">What is sent.</param>
    /// <param name="until">Waited for between the two: what has not left yet is lost.</param>
    public static Func<HttpContext, Task> Cut(string contentType, string text, Task until) => async context =>
    {
        context.Response.ContentType = contentType;
        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
        await until;
        context.Abort();
    };

    /// <summary>Sends an event, and the rest when it may.</summary>
    public static Func<HttpContext, Task> Stream(Task until, string rest = "data: [DONE]\n\n") => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(Event);
        await context.Response.Body.FlushAsync();
        await until.WaitAsync(context.RequestAborted);
        await context.Response.WriteAsync(rest);
    };
}
