using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Llama.Fleet;

/// <summary>A program of this repository, or another, on a port of this machine; its output goes into a file.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int Kill = 9, Terminate = 15;

    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;

    private ServerProcess(Process process, string address) => (_process, Address) = (process, address);

    public string Address { get; }

    /// <summary>Where its output goes.</summary>
    public string LogPath => Log(new Uri(Address).Port);

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>A server with settings of the caller's.</summary>
    /// <param name="program">Its program; null takes the one that was built beside this.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="settings">As on its command line.</param>
    public static ServerProcess StartServer(string? program, int port, params string[] settings)
    {
        File.Delete(Log(port));
        return Start(program ?? Built("src/Server", "Llama.Server"), port, [$"--urls=http://127.0.0.1:{port}", .. settings]);
    }

    /// <summary>A server with the demo model and a thread of its own.</summary>
    public static ServerProcess StartReplica(int port) =>
        Start(Built("src/Server", "Llama.Server"), port, $"--urls=http://127.0.0.1:{port}", "--Model:Threads=1", "--Model:BlockCount=4096", "--Scheduler:MaxQueueLength=4096");

    public static ServerProcess StartGateway(int port, IEnumerable<string> replicas) =>
        Start(Built("deploy/Gateway", "Llama.Gateway"), port, [$"--urls=http://127.0.0.1:{port}", .. replicas.Select((address, i) => $"--Gateway:Replicas:{i}={address}")]);

    /// <summary>nginx with the repository's configuration, the addresses apart.</summary>
    /// <param name="port">Where it listens.</param>
    /// <param name="replicas">Addresses of the servers.</param>
    /// <param name="roundRobin">Whether requests are dealt out in turn rather than to where least runs.</param>
    public static ServerProcess StartNginx(int port, string[] replicas, bool roundRobin = false)
    {
        string text = File.ReadAllText(Path.Combine(Root, "deploy/nginx/nginx.conf")).Replace("listen 8080;", $"listen 127.0.0.1:{port};").Replace("/tmp/nginx", $"/tmp/nginx-{port}");
        for (int i = 0; i < replicas.Length; i++)
            text = text.Replace($"replica-{i + 1}:8080", new Uri(replicas[i]).Authority);
        string path = Path.Combine(Path.GetTempPath(), $"nginx-{port}.conf");
        File.WriteAllText(path, roundRobin ? text.Replace("least_conn;", "") : text);
        return Start("nginx", port, "-c", path, "-g", "daemon off;", "-e", "/dev/stderr");
    }

    /// <summary>Waits until it answers that it is ready.</summary>
    public async Task<ServerProcess> ReadyAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = Patience };
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(Patience);
        while (true)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"{_process.StartInfo.ArgumentList[1]} ended with {_process.ExitCode}; see {Log(new Uri(Address).Port)}");
            try
            {
                if ((await client.GetAsync($"{Address}/health/ready", end.Token)).IsSuccessStatusCode)
                    return this;
            }
            catch (HttpRequestException)
            {
            }
            await Task.Delay(50, end.Token);
        }
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync(CancellationToken cancellation)
    {
        _ = Signal(_process.Id, Kill);
        return _process.WaitForExitAsync(cancellation);
    }

    /// <summary>SIGTERM; gives the exit code.</summary>
    public async Task<int> TerminateAsync(CancellationToken cancellation)
    {
        _ = Signal(_process.Id, Terminate);
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Signal(_process.Id, Terminate);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    /// <summary>The repository: the folder above this program's with the solution in it.</summary>
    private static string Root => FindRoot(AppContext.BaseDirectory);

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "Llama.sln")) ? folder : FindRoot(Path.GetDirectoryName(folder)!);

    private static string Built(string project, string name) => Path.Combine(Root, project, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", name);

    private static string Log(int port) => Path.Combine(Path.GetTempPath(), $"fleet-{port}.log");

    private static ServerProcess Start(string program, int port, params string[] arguments)
    {
        // exec: the process is the program's own, and its output needs nobody who reads it.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >>\"$FLEET_LOG\" 2>&1", program, .. arguments]) { Environment = { ["FLEET_LOG"] = Log(port) } };
        return new ServerProcess(Process.Start(start)!, $"http://127.0.0.1:{port}");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
