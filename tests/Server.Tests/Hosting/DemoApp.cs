using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests.Hosting;

/// <summary>The real server with the bundled model, as <c>dotnet run</c> starts it.</summary>
internal sealed class DemoApp : WebApplicationFactory<Program>
{
    public const string ModelName = "llama-2-wordnet-8m";

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "models", ModelName);

    public Dictionary<string, string> Settings { get; } = [];

    public Engine Engine => Services.GetRequiredService<EngineHost>().Engine!;

    /// <summary>A client of a server that is ready.</summary>
    public async Task<HttpClient> StartAsync()
    {
        HttpClient client = CreateClient();
        client.Timeout = Timeout.InfiniteTimeSpan;
        await Wait.Until(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode);
        return client;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        foreach ((string key, string value) in Settings) builder.UseSetting(key, value);
    }
}
