using Llama.Server.Json;
using Llama.Server.Routing;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Pages;

/// <summary>The chat page and the engine's. All their addresses are relative, so that they work under any prefix and behind proxies that cut one off.</summary>
internal static class PageEndpoints
{
    private const string Assets = "assets/";

    public static IServiceCollection AddPages(this IServiceCollection services) => services.AddSingleton<ServerCards>();

    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder pages = routes.MapGroup("").WithMetadata(new KeyFree()).ExcludeFromDescription();
        pages.MapGet("/", AnswerRootAsync);
        pages.MapGet("/engine", AnswerEngineAsync);
        foreach (PageFile file in PageFile.All.Values.Where(file => file.Path.StartsWith(Assets, StringComparison.Ordinal)))
            pages.MapGet("/" + file.Path, context => PageResponse.WriteAsync(context, file));
    }

    /// <summary>What crawlers and browsers ask a whole site for.</summary>
    public static void MapSiteFiles(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder site = routes.MapApiGroup("");
        foreach (string path in (string[])["favicon.ico", "robots.txt"])
            site.MapGet("/" + path, context => PageResponse.WriteAsync(context, PageFile.All[path])).WithMetadata(new KeyFree()).ExcludeFromDescription();
    }

    /// <summary>A page for browsers; for programs, which do not ask for HTML, the same in JSON.</summary>
    private static Task AnswerRootAsync(HttpContext context, ServerCards cards)
    {
        string path = context.Request.PathBase + context.Request.Path;
        context.Response.Headers.Vary = HeaderNames.Accept;
        if (!WantsPage(context.Request))
        {
            context.Response.Headers.CacheControl = "no-store";
            return context.Response.WriteAsJsonAsync(cards.At(path.TrimEnd('/') + "/"), ApiJson.Web.ServerCard);
        }
        return path.EndsWith('/') ? PageResponse.WriteAsync(context, PageFile.All["chat.html"]) : MoveAsync(context, path[(path.LastIndexOf('/') + 1)..] + "/");
    }

    private static Task AnswerEngineAsync(HttpContext context) => context.Request.Path.Value!.EndsWith('/')
        ? MoveAsync(context, "../engine")
        : PageResponse.WriteAsync(context, PageFile.All["engine.html"]);

    /// <summary>To where relative addresses are right.</summary>
    private static Task MoveAsync(HttpContext context, string location)
    {
        context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    private static bool WantsPage(HttpRequest request)
    {
        IList<MediaTypeHeaderValue> accepted = request.GetTypedHeaders().Accept;
        return Quality("text/html") is var html && html > 0 && html >= Quality("application/json");

        double Quality(string type) => accepted.Where(one => one.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)).Select(one => one.Quality ?? 1).DefaultIfEmpty(0).Max();
    }
}
