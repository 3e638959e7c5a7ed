using Llama.Server.Configuration;
using Llama.Server.Tests.Hosting;
using Llama.Server.Tests.Telemetry;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>A record of the load that cannot be written is told before start; one that fails later is told too, and nobody else suffers.</summary>
public sealed class TracePathTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trace ü").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Validate_PathsThatCannotBeWritten_AreToldWhy()
    {
        Assert.Contains("which is a folder; name a file", Fault(_folder));
        Assert.Contains("in a folder that is not there", Fault(Path.Combine(_folder, "none", "trace")));
        Assert.Contains("which cannot be written", Fault("/proc/trace"));
    }

    [Fact]
    public void Validate_PathsThatCanBeWritten_LeavesEverythingAsItWas()
    {
        string old = Path.Combine(_folder, "old");
        File.WriteAllText(old, "{}\n");

        Assert.Null(Fault(old));
        using (new FileStream(old, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) Assert.Null(Fault(old)); // a server that runs with the same settings
        Assert.Null(Fault(Path.Combine(_folder, "new")));

        Assert.Equal([old], Directory.GetFileSystemEntries(_folder));
        Assert.Equal("{}\n", File.ReadAllText(old));
    }

    [Fact]
    public async Task Serve_WithAFullDisk_AnswersOnSaysSoOnceAndCountsWhatIsMissing()
    {
        string log = Path.Combine(_folder, "log");
        await using var app = new TestApp { Reply = "ok", LogPath = log, Settings = { ["Serilog:MinimumLevel:Default"] = "Error", ["Scheduler:TracePath"] = "/dev/full" } };
        HttpClient client = await app.StartAsync();

        for (int i = 0; i < 3; i++) (await client.PostAsync("/v1/chat/completions", TestApp.Chat())).EnsureSuccessStatusCode();

        await Wait.Until(async () => new Scrape(await client.GetStringAsync("/metrics")).Of("llama_trace_requests_lost_total").Single().Value == 3); // told of once the trace has been tried to be written
        await app.DisposeAsync();
        Assert.Contains("Scheduler:TracePath /dev/full can no longer be written", Assert.Single(await File.ReadAllLinesAsync(log)));
    }

    private static string? Fault(string path) => new TracePathValidator().Validate(null, new SchedulerSettings { TracePath = path }).FailureMessage;
}
