using System.Text.Json.Nodes;
using System.Xml.Linq;
using Llama.Model.Checkpoints;
using Llama.Server.Bench.Compare;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

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
            "--modes", "fused-float32,fused-bfloat16,int8,layers-2,offload", "--prompt", "What is a giraffe?", "--tokens", "6", "--warm-up", "0", "--runs", "3", "--rounds", "2", $"--Model:Path={DemoApp.Folder}",
            "--Model:Device=cpu", "--Model:Threads=2", "--markdown", In("table.md"), "--json", In("report.json"), "--chart", In("chart.svg"));

        Assert.True(exitCode == 0, error);
        string line = output.TrimEnd().Split('\n')[^1];
        JsonNode report = JsonNode.Parse(line)!;
        JsonNode[] rows = [.. report["rows"]!.AsArray().Select(row => row!)];
        Assert.Equal("fused-float32", (string?)report["reference"]);
        Assert.Equal(["fused-float32", "fused-bfloat16", "int8", "layers-2", "offload"], rows.Select(row => (string)row["mode"]!));
        Assert.All(rows, row =>
        {
            Assert.Null(row["failure"]);
            foreach (string key in (string[])["ttft_ms", "answer_ms", "decode_tokens_per_s"]) Assert.Equal(3, (int)row[key]!["count"]!);
            Assert.True((long)row["peak_run_bytes"]! > (long)row["model"]!["weight_bytes"]!);
            Assert.Equal(2, (int)row["model"]!["threads"]!);
        });
        Assert.Equal(0, (double)rows[0]["max_logprob_difference"]!);
        Assert.InRange((double)rows[1]["max_logprob_difference"]!, 1e-7, 0.05);
        Assert.All(rows, row => Assert.Equal(6, (int)row["equal_tokens"]!)); // a sure answer, which no rounding changes
        Assert.True((long)rows[2]["model"]!["weight_bytes"]! < (long)rows[1]["model"]!["weight_bytes"]!);
        Assert.Equal(["cpu:0", "cpu:1"], rows[3]["model"]!["devices"]!.AsArray().Select(device => (string)device!["name"]!));
        Assert.Equal(Weights(rows[1]), Weights(rows[3]));
        Assert.InRange(Weights(rows[4]), 1, Weights(rows[1]));
        Assert.Equal(line, File.ReadAllText(In("report.json")).TrimEnd());
        Assert.Contains("![Tokens per second and peak memory of each mode](chart.svg)", File.ReadAllText(In("table.md")));
        Assert.Equal("svg", XDocument.Load(In("chart.svg")).Root!.Name.LocalName);
    }

    [Fact]
    public async Task Compare_ModeThatCannotRun_IsARowWithTheReasonInTheOrderGiven()
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config with { LayerCount = 1, VocabSize = TestModel.Tokenizer.VocabSize }, TensorDtype.BF16, seed: 1);
        foreach (string file in Directory.GetFiles(TestModel.Folder)) File.Copy(file, In(Path.GetFileName(file)), overwrite: true);

        (int? exitCode, string output, _) = await RunAsync(
            "--modes", "LAYERS-2,Deterministic,layers-2", "--prompt-tokens", "4", "--tokens", "2", "--warm-up", "0", "--runs", "1", $"--Model:Path={_folder}", "--Model:Device=cpu");

        Assert.Equal(0, exitCode);
        Assert.Contains("layers-2 did not run: Model:Device names 2 devices, and the model has 1 layers", output);
        JsonArray rows = JsonNode.Parse(output.TrimEnd().Split('\n')[^1])!["rows"]!.AsArray();
        Assert.Equal(["layers-2", "deterministic"], rows.Select(each => (string?)each!["mode"]));
        JsonNode row = rows[0]!;
        Assert.StartsWith("Model:Device names 2 devices", (string?)row["failure"]);
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

    [Fact]
    public async Task RunAsync_Cancelled_EndsTheModesProcessAtOnce()
    {
        using CancellationTokenSource cancellation = new();
        ModeWork endless = new([1, 2, 3], NewTokens: 8, WarmUp: 0, Runs: int.MaxValue, ResidentShare: 1, ScoredIds: null);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ModeProcess.RunAsync([$"--Model:Path={DemoApp.Folder}", "--Model:Device=cpu", "--Model:BlockCount=8"], endless, cancellation.Cancel, cancellation.Token));

        await Wait.Until(() => !Modes().Any());
    }

    // Processes of modes that this one has started and that have not ended.
    private static IEnumerable<string> Modes() => Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _) && IsMode(folder));

    private static bool IsMode(string process)
    {
        try
        {
            string stat = File.ReadAllText(Path.Combine(process, "stat"));
            return stat[stat.LastIndexOf(')')..].Split(' ')[2] == $"{Environment.ProcessId}" && File.ReadAllText(Path.Combine(process, "cmdline")).Contains("bench\0mode");
        }
        catch (IOException)
        {
            return false; // it ended meanwhile
        }
    }

    [Theory]
    [InlineData("--modes int8,int7", 2, "--modes names 'int7'; there are plain-float32")]
    [InlineData("--Model:Dtype=int8", 1, "Model:Dtype is what --compare compares")]
    [InlineData("--batch 2", 1, "leave out --batch")]
    [InlineData("--prompt-tokens 8 16", 1, "give --prompt-tokens one number")]
    [InlineData("--prompt-tokens 5000", 1, "come to 5,128 tokens")]
    [InlineData("--chart /no/such/folder/chart.svg", 1, "--chart is '/no/such/folder/chart.svg', in a folder that is not there")]
    [InlineData("--markdown /tmp", 1, "--markdown is '/tmp', which is a folder; name a file")]
    [InlineData("--json /proc/report.json", 1, "--json is '/proc/report.json', which cannot be written")]
    [InlineData("--json ", 1, "--json is empty; name a file")]
    public async Task Compare_WhatCannotBe_NamesWhatIsWrong(string words, int exitCode, string expected)
    {
        using OtherCulture culture = new();
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

    private static long Weights(JsonNode row) => row["model"]!["devices"]!.AsArray().Sum(device => (long)device!["weight_bytes"]!);

    private string In(string name) => Path.Combine(_folder, name);

    private static Task<(int? ExitCode, string Output, string Error)> RunAsync(params string[] words) => VerbsTests.RunAsync(["bench", "latency", "--compare", .. words]);
}
