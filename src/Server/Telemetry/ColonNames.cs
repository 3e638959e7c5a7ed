using System.Text;
using System.Text.RegularExpressions;

namespace Llama.Server.Telemetry;

/// <summary>
/// Writes <c>vllm:</c> for <c>vllm_</c> in a scrape. OpenTelemetry allows no colon in an instrument's name, and the field's dashboards ask for one.
/// </summary>
internal sealed partial class ColonNames(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Stream body = context.Response.Body;
        // Compressed text could not be renamed.
        context.Request.Headers.Remove("Accept-Encoding");
        using var scrape = new MemoryStream();
        context.Response.Body = scrape;
        await next(context);
        context.Response.Body = body;
        byte[] renamed = Encoding.UTF8.GetBytes(Rename(Encoding.UTF8.GetString(scrape.GetBuffer(), 0, (int)scrape.Length)));
        context.Response.ContentLength = renamed.Length;
        await body.WriteAsync(renamed, context.RequestAborted);
    }

    /// <summary>Names stand at the start of a line or after <c># TYPE </c> and its like; label values are left alone.</summary>
    internal static string Rename(string scrape) => Name.Replace(scrape, "${comment}vllm:");

    [GeneratedRegex("^(?<comment># (TYPE|HELP|UNIT) )?vllm_", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Name { get; }
}
