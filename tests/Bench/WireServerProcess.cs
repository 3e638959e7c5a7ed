using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Llama.Bench;

/// <summary>The server in a process of its own.</summary>
internal sealed class WireServerProcess : IDisposable
{
    private readonly Process _process;

    public WireServerProcess(double stepsPerSecond, int tokens)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Llama.Bench.dll");
        _process = Process.Start(new ProcessStartInfo("dotnet", [program, "wire", "--serve", $"{stepsPerSecond}", "--tokens", $"{tokens}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Address = new IPEndPoint(IPAddress.Loopback, int.Parse(_process.StandardOutput.ReadLine()!));
    }

    public IPEndPoint Address { get; }

    public WireCost Spent()
    {
        _process.StandardInput.WriteLine();
        return JsonSerializer.Deserialize<WireCost>(_process.StandardOutput.ReadLine()!)!;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
