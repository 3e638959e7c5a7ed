using System.Diagnostics;
using System.Text;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Gateway.Tests;

/// <summary>Signals to a gateway that is a process of its own.</summary>
public sealed class SignalTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Llama.Gateway.dll");

    [Fact]
    public Task Stop_SignalledTwice_EndsStreamsInAnErrorAtOnce() => StopTwiceAsync("TERM");

    [HangUpFact]
    public Task Terminal_Closed_StopsAsASignalToEnd() => StopTwiceAsync("HUP");

    private static async Task StopTwiceAsync(string signal)
    {
        await using FakeReplica replica = await FakeReplica.StartAsync();
        replica.Answer = context => Answers.Stream(Task.Delay(Timeout.Infinite, context.RequestAborted))(context);
        using Process gateway = Process.Start(new ProcessStartInfo("dotnet", [Program, "--urls=http://127.0.0.1:0", $"--Gateway:Replicas:0={replica.Address}", "--Gateway:DrainSeconds=3600"]) { RedirectStandardOutput = true })!;
        try
        {
            string listening = await LineAsync(gateway, "Listening on ");
            using var client = new HttpClient { BaseAddress = new Uri(listening.Split("Listening on ")[1].Split(' ')[0]), Timeout = Wait.Patience };
            await Wait.Until(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode);
            var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Send(signal, gateway);
            Assert.Contains("1 requests may go on for up to 3600 s", await LineAsync(gateway, "Stopping: "));
            Send(signal, gateway);

            Assert.StartsWith(Answers.Event + "data: {\"error\":", await answer.Content.ReadAsStringAsync());
            await gateway.StandardOutput.ReadToEndAsync(); // it ends, an hour before its time
        }
        finally
        {
            gateway.Kill();
        }
    }

    private static async Task<string> LineAsync(Process process, string what)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(what, StringComparison.Ordinal))
                return line;
        }
        throw new InvalidOperationException($"The gateway ended without '{what}'.");
    }

    private static void Send(string signal, Process process)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }
}
