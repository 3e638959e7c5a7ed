using System.Net.Sockets;

namespace Llama.Server.Web.Hosting;

/// <summary>Asks a program of ours on this machine whether it is ready, for containers whose image has nothing else to ask with.</summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4); // less than a container's own

    /// <summary>0 when it is ready, 1 when it is not or cannot be reached.</summary>
    /// <param name="settings">Where it listens, as it reads it itself.</param>
    /// <param name="output">What it says.</param>
    public static async Task<int> RunAsync(IConfiguration settings, TextWriter output)
    {
        string address = ListenAddresses.Of(settings).FirstOrDefault(ListenAddresses.Default);
        if (!ListenAddress.TryParse(address, out BindingAddress binding))
        {
            await output.WriteLineAsync($"'{address}' is no address; give --urls as http://host:port.");
            return 1;
        }
        Uri url = binding.IsUnixPipe ? new Uri("http://localhost/health/ready") : new UriBuilder(binding.Scheme, Host(binding.Host), binding.Port, "/health/ready").Uri;
        using var client = new HttpClient(Handler(binding)) { Timeout = Patience };
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(url);
            await output.WriteLineAsync($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            await output.WriteLineAsync($"{(binding.IsUnixPipe ? address : url)} does not answer: {fault.Message}");
            return 1;
        }
    }

    private static SocketsHttpHandler Handler(BindingAddress binding)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true; // it is for the name that others call, not for this machine; and nothing is told that is secret
        if (binding.IsUnixPipe)
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(new UnixDomainSocketEndPoint(binding.UnixPipePath), cancellation);
        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(UnixDomainSocketEndPoint place, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(place, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Who listens everywhere listens here.</summary>
    private static string Host(string host) => host is "*" or "+" or "0.0.0.0" ? "127.0.0.1" : host is "[::]" ? "[::1]" : host;
}
