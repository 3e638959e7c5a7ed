namespace Llama.Server.Web.Hosting;

/// <summary>Where a program of its own listens.</summary>
internal static class ListenAddresses
{
    public const string Default = "http://localhost:8080";

    /// <summary>Where nothing else is set. Not "Urls" in appsettings.json: that would win over ASPNETCORE_URLS.</summary>
    public static void UseDefaultAddress(this WebApplicationBuilder builder)
    {
        if (!Of(builder.Configuration).Any())
            builder.WebHost.UseUrls(Default);
        else if (builder.Configuration["urls"] is { } urls)
            builder.WebHost.UseUrls(Split(urls)); // the web server throws at a space, which many put behind a ';'
    }

    /// <summary>Where the settings want the program to listen; none for <see cref="Default"/>. In the framework's order: endpoints, then addresses, then ports.</summary>
    public static IEnumerable<string> Of(IConfiguration settings)
    {
        if (settings.GetSection("Kestrel:Endpoints") is var endpoints && endpoints.Exists())
            return endpoints.GetChildren().Select(endpoint => endpoint["Url"] ?? "");
        return settings["urls"] is { } urls ? Split(urls)
            : Split(settings["http_ports"]).Select(port => $"http://*:{port}").Concat(Split(settings["https_ports"]).Select(port => $"https://*:{port}"));
    }

    private static string[] Split(string? list) => (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
