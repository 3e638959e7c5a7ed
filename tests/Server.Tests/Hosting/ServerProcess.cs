using System.Diagnostics;
using System.Text.RegularExpressions;
using Llama.Server.Bench.Compare;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Hosting;

/// <summary>The program as it is started, with the bundled model, in a process of its own.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    public ServerProcess(string[] settings, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = OwnProgram.Start(["--urls=http://127.0.0.1:0", "--Model:Device=cpu", .. settings]);
        (start.RedirectStandardInput, start.RedirectStandardError) = (false, false);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    /// <summary>What it has said, as far as it was read.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>A client of it when it is ready.</summary>
    public async Task<HttpClient> ConnectAsync()
    {
        HttpClient client = new() { BaseAddress = new Uri(Address.Match(await FindAsync("Listening on ")).Value), Timeout = Wait.Patience };
        await Wait.Until(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode);
        return client;
    }

    /// <summary>The next line that has a text in it.</summary>
    public async Task<string> FindAsync(string text)
    {
        using var patience = new CancellationTokenSource(Wait.Patience);
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            _lines.Add(line);
            if (line.Contains(text, StringComparison.Ordinal)) return line;
        }
        throw new InvalidOperationException($"The server ended without saying '{text}': {string.Join('\n', _lines)}");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }

    [GeneratedRegex("http://127[.]0[.]0[.]1:[0-9]+")]
    private static partial Regex Address { get; }
}
