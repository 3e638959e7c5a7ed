using System.Net;
using System.Net.Sockets;

namespace Llama.Tests.Shared;

/// <summary>An address that does not even refuse connections, as that of a machine that is gone: its queue is full, and the kernel says nothing to those who come after.</summary>
public sealed class FullListener : IDisposable
{
    private readonly Socket _listener = Create();
    private readonly Socket[] _waiting;

    public FullListener()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        _waiting = [.. Enumerable.Range(0, 8).Select(_ => Create())];
        foreach (Socket socket in _waiting)
        {
            socket.Blocking = false;
            try
            {
                socket.Connect(EndPoint);
            }
            catch (SocketException)
            {
                // It does not wait for the answer.
            }
        }
    }

    public EndPoint EndPoint => _listener.LocalEndPoint!;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Socket socket in _waiting) socket.Dispose();
        _listener.Dispose();
    }

    private static Socket Create() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
}
