namespace Llama.Server.Admin;

/// <summary>A line for each action of an operator, with who did it.</summary>
internal sealed partial class AdminLog(ILogger<AdminLog> logger)
{
    [LoggerMessage(LogLevel.Information, "{Who} aborts request {Id}: {Count} under way")]
    public partial void Aborted(string who, string id, int count);

    [LoggerMessage(LogLevel.Information, "{Who} drains the server: new requests are refused")]
    public partial void Drained(string who);

    [LoggerMessage(LogLevel.Information, "{Who} takes draining back: new requests are taken")]
    public partial void Undrained(string who);

    [LoggerMessage(LogLevel.Information, "{Who} has the file of keys read")]
    public partial void Reloading(string who);

    /// <summary>The operator by the name that an application which hosts the routes has authenticated, else by its key; and its address.</summary>
    public static string Who(HttpContext context) =>
        $"{(context.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : "The admin key")} at {context.Connection.RemoteIpAddress?.ToString() ?? "unknown"}";
}
