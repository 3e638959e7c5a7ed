using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama.Gateway.Tests.Hosting;

/// <summary>A server on a socket of its own that answers as a test says.</summary>
internal sealed class FakeReplica : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeReplica(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";

    /// <summary>What <c>/health/ready</c> says.</summary>
    public bool IsReady { get; set; } = true;

    /// <summary>How requests are answered.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = context => context.Response.WriteAsync("ok");

    /// <summary>All requests but probes, in the order in which they came.</summary>
    public ConcurrentQueue<SeenRequest> Requests { get; } = [];

    public static async Task<FakeReplica> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null; // a test that does not read is no fault
        });
        WebApplication app = builder.Build();
        var replica = new FakeReplica(app);
        app.Map("/health/ready", context =>
        {
            context.Response.StatusCode = replica.IsReady ? 200 : 503;
            return Task.CompletedTask;
        });
        app.MapFallback(replica.AnswerAsync);
        await app.StartAsync();
        replica.Address = app.Urls.First();
        return replica;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Requests.Enqueue(new SeenRequest(
            context.Request.Method, context.Request.Path, body.ToArray(), context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        await Answer(context);
    }
}
