using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Limits;

/// <summary>A Redis of a test's own, which forgets everything when it is killed.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly string _password;
    private Process? _process;

    public RedisServer(string password = "")
    {
        _password = password;
        for (int tries = 1; !TryStart(FreePort()); tries++)
            if (tries == 5) throw new InvalidOperationException("Redis does not start.");
    }

    public static string? Program { get; } = OtherProgram.Find("redis-server", "/usr/bin");

    public int Port { get; private set; }

    /// <summary>Starts it again; returns when it takes connections. Its port may be somebody else's for a while: every connection of other tests takes one.</summary>
    public void Start()
    {
        if (!SpinWait.SpinUntil(() => TryStart(Port), Wait.Patience)) throw new InvalidOperationException($"Redis does not start at port {Port} again.");
    }

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    /// <summary>Has it answer nothing while its connections stay open.</summary>
    public void Freeze() => Signal("-STOP");

    public void Thaw() => Signal("-CONT");

    public void Dispose()
    {
        if (_process is { HasExited: false })
            Kill();
        _process?.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>False when it ended at once: somebody else may have taken the port meanwhile.</summary>
    private bool TryStart(int port)
    {
        Port = port;
        _process?.Dispose();
        _process = Process.Start(new ProcessStartInfo(Program!, ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", _password]) { RedirectStandardOutput = true })!;
        while (_process.StandardOutput.ReadLine() is { } line)
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal)) return true;
        return false;
    }

    private void Signal(string signal)
    {
        using Process kill = Process.Start("kill", [signal, $"{_process!.Id}"]);
        kill.WaitForExit();
    }
}
