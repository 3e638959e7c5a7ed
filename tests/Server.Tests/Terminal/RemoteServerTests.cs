using System.Net;
using System.Net.Sockets;
using Llama.Server.CommandLine;
using Llama.Server.CommandLine.Terminal;
using Llama.Server.Remote;

namespace Llama.Server.Tests.Terminal;

public sealed class RemoteServerTests
{
    /// <summary>A machine that is gone says nothing at all; the user must not be told of an interruption that was none.</summary>
    [Fact]
    public async Task Server_ThatDoesNotEvenRefuse_IsToldAsNotReached()
    {
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        Socket[] waiting = [.. Enumerable.Range(0, 8).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false })];
        foreach (Socket socket in waiting) // they fill its queue, and the kernel says nothing to those who come after
            Assert.ThrowsAny<SocketException>(() => socket.Connect(full.LocalEndPoint!));
        using var server = new RemoteServer(new Uri($"http://{full.LocalEndPoint}"), apiKey: null, patience: TimeSpan.FromSeconds(0.2));

        VerbException listing = await Assert.ThrowsAsync<VerbException>(() => server.ModelsAsync(CancellationToken.None));
        Answer answer = await new AnswerReader(server, _ => { }, TimeProvider.System).ReadAsync("{}"u8.ToArray(), isStreamed: true, CancellationToken.None);

        Assert.StartsWith($"http://{full.LocalEndPoint}/v1/models cannot be reached: no connection within 0.2 s. Start the server", listing.Message);
        Assert.Equal((false, $"http://{full.LocalEndPoint}/ cannot be reached: no connection within 0.2 s."), (answer.IsStopped, answer.Fault));
        Array.ForEach(waiting, socket => socket.Dispose());
    }
}
