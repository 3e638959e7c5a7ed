namespace Llama.Fleet;

/// <summary>Some servers and what stands before them.</summary>
internal sealed class Replicas : IAsyncDisposable
{
    private readonly int _port;
    private readonly ServerProcess[] _servers;

    private Replicas(int port, ServerProcess[] servers) => (_port, _servers) = (port, servers);

    public ServerProcess this[int index] => _servers[index];

    public int Count => _servers.Length;

    public ServerProcess? Front { get; private set; }

    public string[] Addresses => [.. _servers.Select(server => server.Address)];

    /// <summary>Starts them and waits until all are ready.</summary>
    /// <param name="count">How many.</param>
    /// <param name="port">The front's; theirs follow.</param>
    /// <param name="front">gateway, nginx, round-robin, or none.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Replicas> StartAsync(int count, int port, string front, CancellationToken cancellation)
    {
        var replicas = new Replicas(port, [.. Enumerable.Range(1, count).Select(i => ServerProcess.StartReplica(port + i))]);
        await Task.WhenAll(replicas._servers.Select(server => server.ReadyAsync(cancellation)));
        replicas.Front = front switch
        {
            "gateway" => ServerProcess.StartGateway(port, replicas.Addresses),
            "nginx" => ServerProcess.StartNginx(port, replicas.Addresses),
            "round-robin" => ServerProcess.StartNginx(port, replicas.Addresses, roundRobin: true),
            _ => null,
        };
        if (replicas.Front is { } proxy)
            await proxy.ReadyAsync(cancellation);
        return replicas;
    }

    /// <summary>Starts one anew after its end.</summary>
    public async Task RestartAsync(int index, CancellationToken cancellation)
    {
        await _servers[index].DisposeAsync();
        _servers[index] = await ServerProcess.StartReplica(_port + 1 + index).ReadyAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (Front is not null)
            await Front.DisposeAsync();
        foreach (ServerProcess server in _servers)
            await server.DisposeAsync();
    }
}
