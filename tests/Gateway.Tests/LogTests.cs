using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Gateway.Tests;

[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class LogTests
{
    [Fact]
    public async Task Log_OfALife_HasALineForEachRequestThatIsNoRoutineAndNoWordOfItsText()
    {
        using TempFolder folder = new("llama-gateway-");
        string path = folder.In("log");
        string[] settings = ["--Serilog:MinimumLevel:Default=Information", "--Serilog:Using:0=Serilog.Sinks.File", "--Serilog:WriteTo:0:Name=File", $"--Serilog:WriteTo:0:Args:path={path}"];
        string address;
        await using (Fleet fleet = await Fleet.StartAsync(1, settings))
        {
            address = fleet.Replicas[0].Address;
            var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions?key=secret") { Content = new StringContent("""{"messages":[{"role":"user","content":"secret"}]}"""), Headers = { { "x-request-id", "mine" } } };
            await fleet.Client.SendAsync(request);
            await Wait.Until(async () => (await ReadAsync(path)).Contains(" ms: ", StringComparison.Ordinal)); // written after the caller has all
        }
        string[] lines = (await ReadAsync(path)).Split(Environment.NewLine);

        Assert.Single(lines, line => line.Contains("Listening on http://127.0.0.1:", StringComparison.Ordinal) && line.EndsWith($" before {address}", StringComparison.Ordinal));
        string told = Assert.Single(lines, line => line.Contains(" in ", StringComparison.Ordinal) && line.Contains(" ms: ", StringComparison.Ordinal));
        Assert.Contains("POST /v1/chat/completions 200 in ", told);
        Assert.EndsWith($" ms: mine, replica {address}, tries 1, \"Answered\"", told); // this sink puts quotes around it
        Assert.DoesNotContain(lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    private static async Task<string> ReadAsync(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return await reader.ReadToEndAsync();
    }
}
