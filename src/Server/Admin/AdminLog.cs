namespace Llama.Server.Admin;

/// <summary>A line for each action of an operator, with who did it.</summary>
internal sealed partial class AdminLog(ILogger<AdminLog> logger)
{
    public void Aborted(HttpContext context, string id, int count) => Log.Aborted(logger, Who(context), id, count);

    public void Drained(HttpContext context) => Log.Drained(logger, Who(context));

    public void Undrained(HttpContext context) => Log.Undrained(logger, Who(context));

    public void Reloading(HttpContext context) => Log.Reloading(logger, Who(context));

    /// <summary>Whom the application that hosts the routes knows the caller as, and where it calls from.</summary>
    private static string Who(HttpContext context) =>
        $"{(context.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : "The admin key")} at {context.Connection.RemoteIpAddress?.ToString() ?? "unknown"}";

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Who} aborts request {Id}: {Count} under way")]
        public static partial void Aborted(ILogger logger, string who, string id, int count);

        [LoggerMessage(LogLevel.Information, "{Who} drains the server: new requests are refused")]
        public static partial void Drained(ILogger logger, string who);

        [LoggerMessage(LogLevel.Information, "{Who} takes draining back: new requests are taken")]
        public static partial void Undrained(ILogger logger, string who);

        [LoggerMessage(LogLevel.Information, "{Who} has the file of keys read")]
        public static partial void Reloading(ILogger logger, string who);
    }
}
