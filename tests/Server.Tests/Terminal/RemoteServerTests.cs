using System.Net;
using System.Net.Sockets;
using Llama.Server.CommandLine;
using Llama.Server.CommandLine.Terminal;
using Llama.Server.Remote;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests.Terminal;

public sealed class RemoteServerTests
{
    /// <summary>A machine that is gone says nothing at all; the user must not be told of an interruption that was none.</summary>
    [Fact]
    public async Task Server_ThatDoesNotEvenRefuse_IsToldAsNotReached()
    {
        using FullListener full = new();
        using var server = new RemoteServer(new Uri($"http://{full.EndPoint}"), apiKey: null, patience: TimeSpan.FromSeconds(0.2));

        VerbException listing = await Assert.ThrowsAsync<VerbException>(() => server.ModelsAsync(CancellationToken.None));
        Answer answer = await new AnswerReader(server, _ => { }, TimeProvider.System).ReadAsync("{}"u8.ToArray(), isStreamed: true, CancellationToken.None);

        Assert.StartsWith($"http://{full.EndPoint}/v1/models cannot be reached: no connection within 0.2 s. Start the server", listing.Message);
        Assert.Equal((false, $"http://{full.EndPoint}/ cannot be reached: no connection within 0.2 s."), (answer.IsStopped, answer.Fault));
    }

    [Fact]
    public async Task Server_ThatBreaksOffWithoutAWord_IsToldAsSuch()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        string address = $"http://{listener.LocalEndpoint}";
        using var server = new RemoteServer(new Uri(address), apiKey: null);

        Task breakingOff = BreakOffAsync(listener);
        VerbException listing = await Assert.ThrowsAsync<VerbException>(() => server.ModelsAsync(CancellationToken.None));
        listener.Stop();

        Assert.StartsWith($"{address}/v1/models cannot be reached: The response ended prematurely", listing.Message);
        await breakingOff;
    }

    [Fact]
    public async Task Server_WithoutTlsByAnAddressWithIt_IsToldWithTheRightAddress()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication plain = builder.Build();
        await plain.StartAsync();
        string address = plain.Urls.Single(), asked = address.Replace("http:", "https:", StringComparison.Ordinal);
        using var server = new RemoteServer(new Uri(asked), apiKey: null);

        VerbException listing = await Assert.ThrowsAsync<VerbException>(() => server.ModelsAsync(CancellationToken.None));
        Answer answer = await new AnswerReader(server, _ => { }, TimeProvider.System).ReadAsync("{}"u8.ToArray(), isStreamed: true, CancellationToken.None);

        Assert.Equal($"{asked}/v1/models cannot be reached: the server there speaks HTTP without TLS; write {address}.", listing.Message);
        Assert.Equal($"{asked}/ cannot be reached: the server there speaks HTTP without TLS; write {address}.", answer.Fault);
    }

    /// <summary>Reads each request, of which the client may send several, and closes.</summary>
    private static async Task BreakOffAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                using StreamReader reader = new(client.GetStream());
                while (await reader.ReadLineAsync() is { Length: > 0 }) { }
            }
        }
        catch (SocketException)
        {
            // The listener has stopped.
        }
    }
}
