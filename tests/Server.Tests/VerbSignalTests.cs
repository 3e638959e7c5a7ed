using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Llama.Gateway.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>Signals to a verb that is a process of its own.</summary>
public sealed class VerbSignalTests
{
    [HangUpFact]
    public async Task Terminal_Closed_EndsAVerbAsCtrlCDoes()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using Process verb = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(LlamaHosting).Assembly.Location, "bench", "serve", "--url", $"http://{silent.LocalEndpoint}"]) { RedirectStandardError = true })!;
        try
        {
            using TcpClient asking = await silent.AcceptTcpClientAsync(patience.Token); // it runs, and waits for an answer
            using Process kill = Process.Start("kill", ["-HUP", $"{verb.Id}"]);

            Assert.Equal("Interrupted.", (await verb.StandardError.ReadToEndAsync(patience.Token)).TrimEnd());
            await verb.WaitForExitAsync(patience.Token);
            Assert.Equal(130, verb.ExitCode);
        }
        finally
        {
            verb.Kill();
        }
    }
}
