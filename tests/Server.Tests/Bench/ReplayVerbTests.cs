using System.Text.Json.Nodes;

namespace Llama.Server.Tests.Bench;

/// <summary><c>bench replay</c> as it is called.</summary>
public sealed class ReplayVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("replay").FullName;

    private string File => Path.Combine(_folder, "trace.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Two requests at once of three blocks each, whose first two are the same, and one long after them.
    [Fact]
    public async Task Replay_RecordedLoad_TellsWhatEachCacheMakesOfIt()
    {
        System.IO.File.WriteAllText(File, """
            {"start":"2026-01-01T00:00:00+00:00"}
            {"id":1,"arrival":0,"prompt_length":33,"output_length":15,"max_tokens":15,"priority":0,"share_key":0,"blocks":[0,1,2],"group":1}
            {"id":2,"arrival":0,"prompt_length":33,"output_length":15,"max_tokens":15,"priority":0,"share_key":0,"blocks":[0,1,3],"group":2}
            {"id":3,"arrival":60,"prompt_length":33,"output_length":1,"max_tokens":991,"priority":0,"share_key":0,"blocks":[0,1],"group":3}

            """);

        JsonArray results = await ResultsAsync("--cache-tokens", "200", "48"), blind = await ResultsAsync("--cache-tokens", "200", "--Scheduler:PrefixCache=false");

        JsonNode large = results[0]!, small = results[1]!;
        Assert.Equal([192, 48], results.Select(result => (long)result!["cache_tokens"]!)); // whole blocks
        Assert.All(results, result => Assert.Equal(3, (int)result!["requests"]!));
        Assert.Equal((17, 0, 64.0 / 99), ((int)large["steps"]!, (int)large["preemptions"]!, (double)large["prefix_hit_rate"]!)); // one lets the other compute what both begin with
        Assert.Equal((31, 50), ((int)small["steps"]!, (double)small["mean_queue_ms"]!)); // or end, where there is room for one
        Assert.Equal((16, 0, 0), ((int)blind[0]!["steps"]!, (double)blind[0]!["mean_queue_ms"]!, (double)blind[0]!["prefix_hit_rate"]!));
        Assert.Equal(60.01, (double)large["duration_s"]!, 1e-6);
    }

    [Fact]
    public async Task Replay_WithoutASizeOfTheCache_AsksForIt()
    {
        System.IO.File.WriteAllText(File, "");
        (int? exitCode, _, string error) = await RunAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains("--cache-tokens", error);
        Assert.Equal(0, (await RunAsync("--Model:BlockCount=4")).ExitCode);
    }

    [Theory]
    [InlineData("{\"role\": \"user\"}\n", "is not what Scheduler:TracePath records")]
    [InlineData("{\"id\":1,\"arrival\":0,\"prompt_length\":33,\"output_length\":1,\"max_tokens\":1,\"priority\":0,\"share_key\":0,\"blocks\":null}\n", "is not what Scheduler:TracePath records")]
    [InlineData("{\"id\":1,\"arrival\":0,\"prompt_length\":330,\"output_length\":1,\"max_tokens\":1,\"priority\":0,\"share_key\":0,\"blocks\":[]}\n", "Request 1 of the trace")]
    [InlineData(null, "trace.jsonl")]
    public async Task Replay_WhatCannotBe_NamesWhatIsWrong(string? trace, string expected)
    {
        if (trace is not null) System.IO.File.WriteAllText(File, trace);
        (int? exitCode, string output, string error) = await RunAsync("--cache-tokens", "100");
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains(expected, error);
    }

    [Fact]
    public async Task Replay_Folder_IsSaidToBeOne()
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("bench", "replay", _folder, "--cache-tokens", "100");

        Assert.Equal((1, $"'{_folder}' cannot be read: it is a folder; name what a server recorded by Scheduler:TracePath."), (exitCode, error.TrimEnd()));
    }

    private async Task<JsonArray> ResultsAsync(params string[] words)
    {
        (int? exitCode, string output, string error) = await RunAsync([.. words, "--step-ms", "10", "--token-ms", "0"]);
        Assert.True(exitCode == 0, error);
        Assert.Contains("prefix hits, %", output);
        return JsonNode.Parse(output.TrimEnd().Split('\n')[^1])!["results"]!.AsArray();
    }

    private Task<(int? ExitCode, string Output, string Error)> RunAsync(params string[] words) => VerbsTests.RunAsync(["bench", "replay", File, .. words]);
}
