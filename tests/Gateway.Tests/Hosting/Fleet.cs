using System.Net.Sockets;
using System.Text;
using Llama.Gateway.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;

namespace Llama.Gateway.Tests.Hosting;

/// <summary>Fake replicas and a real gateway before them.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private Fleet(WebApplication gateway, FakeReplica[] replicas)
    {
        (Gateway, Replicas) = (gateway, replicas);
        Client = new HttpClient { BaseAddress = new Uri(gateway.Urls.First()), Timeout = Wait.Patience };
    }

    public WebApplication Gateway { get; }

    public FakeReplica[] Replicas { get; }

    public HttpClient Client { get; }

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<Fleet> StartAsync(int replicaCount, params string[] settings)
    {
        FakeReplica[] replicas = await Task.WhenAll(Enumerable.Range(0, replicaCount).Select(_ => FakeReplica.StartAsync()));
        string[] addresses = [.. replicas.Select((replica, i) => $"--Gateway:Replicas:{i}={replica.Address}")];
        WebApplication gateway = GatewayApp.Build(["--urls=http://127.0.0.1:0", "--Serilog:MinimumLevel:Default=Fatal", .. addresses, .. settings]);
        GatewayApp.Map(gateway);
        await gateway.StartAsync();
        var fleet = new Fleet(gateway, replicas);
        await Wait.Until(async () => (await fleet.Client.GetAsync("/health/ready")).IsSuccessStatusCode);
        return fleet;
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body) => SendAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    /// <summary>Answers as soon as there are headers.</summary>
    public Task<HttpResponseMessage> SendAsync(string path, HttpContent body, CancellationToken cancellation = default) =>
        Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = body }, HttpCompletionOption.ResponseHeadersRead, cancellation);

    /// <summary>What comes back for these bytes, up to the end of the connection.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Client.BaseAddress!.Host, Client.BaseAddress.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        return await new StreamReader(socket.GetStream(), Encoding.UTF8).ReadToEndAsync();
    }

    public Task<string> ScrapeAsync() => Client.GetStringAsync("/metrics");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await Gateway.StopAsync(now.Token);
        await Gateway.DisposeAsync();
        foreach (FakeReplica replica in Replicas)
            await replica.DisposeAsync();
    }
}
