using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Llama.Server.Tests.Limits;

/// <summary>A Redis of a test's own, which forgets everything when it is killed.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly string _password;
    private Process? _process;

    public RedisServer(string password = "")
    {
        _password = password;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        Start();
    }

    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin")
        .Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);

    public int Port { get; }

    /// <summary>Starts it; returns when it takes connections.</summary>
    public void Start()
    {
        _process = Process.Start(new ProcessStartInfo(Program!, ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", _password]) { RedirectStandardOutput = true })!;
        while (_process.StandardOutput.ReadLine()?.Contains("Ready to accept connections", StringComparison.Ordinal) == false)
        {
        }
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

    private void Signal(string signal)
    {
        using Process kill = Process.Start("kill", [signal, $"{_process!.Id}"]);
        kill.WaitForExit();
    }
}
