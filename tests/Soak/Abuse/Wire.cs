using System.Net.Sockets;
using System.Text;

namespace Llama.Soak.Abuse;

/// <summary>A bare connection: what no HTTP client would send.</summary>
internal sealed class Wire : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3); // longer than any of the server's own limits

    private readonly TcpClient _client = new();

    private Wire()
    {
    }

    public NetworkStream Stream => _client.GetStream();

    public static async Task<Wire> ConnectAsync(string address, int receiveBuffer = 0)
    {
        var wire = new Wire();
        if (receiveBuffer > 0) wire._client.ReceiveBufferSize = receiveBuffer;
        var url = new Uri(address);
        await wire._client.ConnectAsync(url.Host, url.Port);
        return wire;
    }

    public async Task SendAsync(byte[] bytes) => await Stream.WriteAsync(bytes);

    /// <summary>All that comes until the server closes; null when it does not within the patience.</summary>
    public async Task<string?> ReadToEndAsync()
    {
        using var end = new CancellationTokenSource(Patience);
        using var all = new MemoryStream();
        try
        {
            await Stream.CopyToAsync(all, end.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (IOException)
        {
            // A reset is a way to close.
        }
        return Encoding.Latin1.GetString(all.ToArray());
    }

    public void Dispose() => _client.Dispose();
}
