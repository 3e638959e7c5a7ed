using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Server.Bench.Compare;

namespace Llama.Server.Tests.Bench;

/// <summary><c>bench latency</c> of a model that is larger than its memory, in processes of their own, for which the limit then holds.</summary>
public sealed partial class LimitedLatencyTests : IDisposable
{
    // Weights of 394 MiB, all of them zero, so that they take no disk.
    private static readonly LlamaConfig Config = new()
    {
        HiddenSize = 1024,
        IntermediateSize = 2816,
        LayerCount = 16,
        HeadCount = 16,
        KvHeadCount = 16,
        HeadDim = 64,
        VocabSize = 1024,
        ContextLength = 128,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-limited-").FullName;

    public LimitedLatencyTests() => RandomCheckpoint.WriteEmpty(_folder, Config, TensorDtype.BF16);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Latency_TheLeastLimitThatARefusalNames_WorksIsKeptToAndTellsOfWhatStreams()
    {
        (int refused, _, string reason) = await RunAsync("64MiB");
        Assert.Equal(1, refused);
        string least = Assert.Single(Least.Matches(reason)).Groups[1].Value;

        (int exitCode, string output, string error) = await RunAsync(least + "MiB");

        Assert.True(exitCode == 0, error);
        JsonNode report = JsonNode.Parse(output.TrimEnd().Split('\n')[^1])!, streaming = report["results"]![0]!["streaming"]!;
        long limit = long.Parse(least, CultureInfo.InvariantCulture) << 20, weights = (long)report["model"]!["step_bytes"]!;
        Assert.InRange(Math.Max((long)report["peak_load_bytes"]!, (long)report["peak_run_bytes"]!), 1, limit);
        Assert.InRange((double)streaming["step_bytes"]!, weights / 4, weights);
        Assert.InRange((double)report["model"]!["stream"]!["step_bytes"]!, weights / 4, weights);
        Assert.True((double)streaming["read_ms"]! > 0);
        Assert.True((double)streaming["wait_ms"]! > 0);
        Assert.True((double)streaming["read_share"]! > 0);
        Assert.Equal(2, (int)report["stream_read_gb_per_s"]!["count"]!);
        Assert.Null(report["memory_read_gb_per_s"]);
        Assert.Contains("Streamed after a prompt of 8: ", output);
        Assert.Contains("At start ", output);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string limit)
    {
        using Process process = Process.Start(OwnProgram.Start(
            ["bench", "latency", "--prompt-tokens", "8", "--new-tokens", "3", "--warm-up", "0", "--runs", "2", $"--Model:Path={_folder}", "--Model:Device=cpu", "--Model:Threads=2", $"--Model:MemoryLimit={limit}",
                "--Scheduler:MaxBatchTokens=64", "--Scheduler:MaxSequences=4"]))!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }

    [GeneratedRegex(@"The smallest that works is ([0-9]+)MiB")]
    private static partial Regex Least { get; }
}
