using System.Net;
using System.Net.Sockets;

namespace Llama.Server.Tests.Limits;

/// <summary>A way to a server of this machine on which what it says can be held up.</summary>
internal sealed class SlowRoad : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _target;
    private volatile TaskCompletionSource _gate = new();

    public SlowRoad(int target)
    {
        _target = target;
        Release();
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Lets no answer through until <see cref="Release"/>.</summary>
    public void Hold() => _gate = new TaskCompletionSource();

    public void Release() => _gate.TrySetResult();

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
            _ = CarryAsync(await _listener.AcceptTcpClientAsync(_end.Token));
    }

    private async Task CarryAsync(TcpClient client)
    {
        using TcpClient here = client, there = new();
        await there.ConnectAsync(IPAddress.Loopback, _target, _end.Token);
        await Task.WhenAny(here.GetStream().CopyToAsync(there.GetStream(), _end.Token), BackAsync(there.GetStream(), here.GetStream()));
    }

    private async Task BackAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[4096];
        for (int count; (count = await from.ReadAsync(buffer, _end.Token)) > 0;)
        {
            await _gate.Task.WaitAsync(_end.Token);
            await to.WriteAsync(buffer.AsMemory(0, count), _end.Token);
        }
    }
}
