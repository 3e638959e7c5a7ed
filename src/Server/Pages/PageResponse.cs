namespace Llama.Server.Pages;

/// <summary>Sends files of the pages.</summary>
internal static class PageResponse
{
    /// <summary>Nothing from elsewhere, no script or style in the page itself, and no text that becomes either: what a model says cannot do anything.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Browsers keep a file and ask each time whether it is still the same: a new version of the server is seen at once.</summary>
    public static Task WriteAsync(HttpContext context, PageFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return Results.Bytes(file.Content, file.ContentType, entityTag: file.Tag).ExecuteAsync(context);
    }
}
