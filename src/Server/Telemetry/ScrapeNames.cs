using System.Text;
using System.Text.RegularExpressions;

namespace Llama.Server.Telemetry;

/// <summary>
/// Gives metrics the names under which Prometheus' users look for them: <c>vllm:</c> for <c>vllm_</c>, since OpenTelemetry allows no colon in an instrument's name and the field's dashboards
/// ask for one; and <c>_seconds</c> behind OpenTelemetry's own GenAI names, as its rules for Prometheus have it.
/// </summary>
internal sealed partial class ScrapeNames(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Stream body = context.Response.Body;
        // Compressed text could not be renamed.
        context.Request.Headers.Remove("Accept-Encoding");
        using var scrape = new MemoryStream();
        context.Response.Body = scrape;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body; // whoever answers a failure writes there too
        }
        byte[] renamed = Encoding.UTF8.GetBytes(Rename(Encoding.UTF8.GetString(scrape.GetBuffer(), 0, (int)scrape.Length)));
        context.Response.ContentLength = renamed.Length;
        await body.WriteAsync(renamed, context.RequestAborted);
    }

    /// <summary>Names stand at the start of a line or after <c># TYPE </c> and its like; label values are left alone.</summary>
    internal static string Rename(string scrape) => GenAI.Replace(Colon.Replace(scrape, "${comment}vllm:"), "${name}_seconds");

    [GeneratedRegex("^(?<comment># (TYPE|HELP|UNIT) )?vllm_", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Colon { get; }

    [GeneratedRegex("^(?<name>(# (TYPE|HELP|UNIT) )?gen_ai_server_(request_duration|time_to_first_token|time_per_output_token))(?!_seconds)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex GenAI { get; }
}
