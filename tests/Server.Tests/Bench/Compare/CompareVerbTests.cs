using System.Text.Json.Nodes;
using System.Xml.Linq;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Bench.Compare;

/// <summary><c>bench latency --compare</c> as it is called, on the bundled model: each mode in a process of its own.</summary>
public sealed class CompareVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-compare-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Compare_SeveralModes_EachIsARowAgainstTheFirstThatRan()
    {
        (int? exitCode, string output, string error) = await RunAsync(
            "--modes", "fused-float32,fused-bfloat16,int8,offload", "--prompt", "What is a giraffe?", "--tokens", "6", "--warm-up", "0", "--runs", "3", "--rounds", "2", $"--Model:Path={DemoApp.Folder}",
            "--Model:Device=cpu", "--Model:Threads=1", "--markdown", In("table.md"), "--json", In("report.json"), "--chart", In("chart.svg"));

        Assert.True(exitCode == 0, error);
        string line = output.TrimEnd().Split('\n')[^1];
        JsonNode report = JsonNode.Parse(line)!;
        JsonNode[] rows = [.. report["rows"]!.AsArray().Take(3).Select(row => row!)];
        Assert.Equal("fused-float32", (string?)report["reference"]);
        Assert.Equal(["fused-float32", "fused-bfloat16", "int8"], rows.Select(row => (string)row["mode"]!));
        Assert.All(rows, row =>
        {
            Assert.Null(row["failure"]);
            foreach (string key in (string[])["ttft_ms", "answer_ms", "decode_tokens_per_s"]) Assert.Equal(3, (int)row[key]!["count"]!);
            Assert.True((long)row["peak_run_bytes"]! > (long)row["model"]!["weight_bytes"]!);
            Assert.Contains("1 thread", (string)row["model"]!["device"]!);
        });
        Assert.Equal(0, (double)rows[0]["max_logprob_difference"]!);
        Assert.InRange((double)rows[1]["max_logprob_difference"]!, 1e-7, 0.05);
        Assert.All(rows, row => Assert.Equal(6, (int)row["equal_tokens"]!)); // a sure answer, which no rounding changes
        Assert.True((long)rows[2]["model"]!["weight_bytes"]! < (long)rows[1]["model"]!["weight_bytes"]!);
        Assert.Equal(line, File.ReadAllText(In("report.json")).TrimEnd());
        Assert.Contains("![Tokens per second and peak memory of each mode](chart.svg)", File.ReadAllText(In("table.md")));
        Assert.Equal("svg", XDocument.Load(In("chart.svg")).Root!.Name.LocalName);
    }

    [Fact]
    public async Task Compare_ModeThatCannotRun_IsARowWithTheReason()
    {
        (int? exitCode, string output, _) = await RunAsync(
            "--modes", "deterministic,offload", "--prompt-tokens", "4", "--tokens", "2", "--warm-up", "0", "--runs", "1", $"--Model:Path={DemoApp.Folder}", "--Model:Device=cpu");

        Assert.Equal(0, exitCode);
        Assert.Contains("offload did not run: its limit comes from the peak of fused-bfloat16", output);
        JsonNode row = JsonNode.Parse(output.TrimEnd().Split('\n')[^1])!["rows"]![1]!;
        Assert.Equal("offload", (string?)row["mode"]);
        Assert.StartsWith("its limit", (string?)row["failure"]);
        Assert.Null(row["ttft_ms"]);
    }

    // The processes fail one by one: what they said is the row's.
    [Fact]
    public async Task Compare_CheckpointThatCannotBeLoaded_EveryRowSaysSoAndTheExitCodeIs1()
    {
        File.Copy(Path.Combine(DemoApp.Folder, "config.json"), In("config.json"));

        (int? exitCode, string output, _) = await RunAsync("--modes", "fused-float32,int8", "--tokens", "2", $"--Model:Path={_folder}", "--Model:Device=cpu");

        Assert.Equal(1, exitCode);
        Assert.Contains($"fused-float32 did not run: {_folder}: holds no weights", output);
        Assert.Contains($"int8 did not run: {_folder}: holds no weights", output);
    }

    [Theory]
    [InlineData("--modes int8,int7", 2, "--modes names 'int7'; there are plain-float32")]
    [InlineData("--Model:Dtype=int8", 1, "Model:Dtype is what --compare compares")]
    [InlineData("--batch 2", 1, "leave out --batch")]
    [InlineData("--prompt-tokens 8 16", 1, "give --prompt-tokens one number")]
    [InlineData("--prompt-tokens 5000", 1, "come to 5,128 tokens")]
    [InlineData("--chart /no/such/folder/chart.svg", 1, "/no/such/folder, where chart.svg is to go, is not there")]
    public async Task Compare_WhatCannotBe_NamesWhatIsWrong(string words, int exitCode, string expected)
    {
        (int? code, string output, string error) = await RunAsync(words.Split(' '));

        Assert.Equal((exitCode, ""), (code, output));
        Assert.Contains(expected, error);
    }

    [Fact]
    public async Task Latency_OptionOfTheComparisonAlone_IsRefused()
    {
        (int? code, _, string error) = await VerbsTests.RunAsync("bench", "latency", "--rounds", "2", "--json", "x");

        Assert.Equal(2, code);
        Assert.Contains("--rounds goes with --compare", error);
        Assert.Contains("--json goes with --compare", error);
    }

    private string In(string name) => Path.Combine(_folder, name);

    private static Task<(int? ExitCode, string Output, string Error)> RunAsync(params string[] words) => VerbsTests.RunAsync(["bench", "latency", "--compare", .. words]);
}
