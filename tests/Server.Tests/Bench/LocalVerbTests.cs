using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Bench;

/// <summary><c>bench latency</c> and <c>bench throughput</c> as they are called, on the bundled model.</summary>
public sealed class LocalVerbTests
{
    [Fact]
    public async Task Latency_DemoModel_TellsTimesMemoryAndBandwidth()
    {
        (JsonNode json, string output) = await RunAsync(
            "latency", "--prompt-tokens", "8", "20", "--new-tokens", "3", "--batch", "2", "--warm-up", "0", "--runs", "1", "--seen-prefix", "48", "--Scheduler:MaxBatchTokens=64");

        Assert.Equal(
            ["benchmark", "version", "machine", "model", "settings", "results", "memory_read_gb_per_s", "stream_read_gb_per_s", "single_stream_read_gb_per_s", "seen_prefix", "peak_load_bytes", "peak_run_bytes"],
            json.AsObject().Select(pair => pair.Key));
        Assert.Equal([8, 20], json["results"]!.AsArray().Select(result => (int)result!["prompt_tokens"]!));
        Assert.All(json["results"]!.AsArray(), result => Assert.All(
            (string[])["ttft_ms", "prefill_tokens_per_s", "tpot_ms", "decode_tokens_per_s", "end_to_end_ms"], key => Assert.True((double)result![key]!["p50"]! > 0, key)));
        Assert.Equal(48, (int)json["seen_prefix"]!["cached_tokens"]!); // three blocks of 16
        long weights = (long)json["model"]!["weight_bytes"]!, step = (long)json["model"]!["step_bytes"]!;
        Assert.Equal(2 * 256 * 8192, weights - step); // all but the embedding, in bfloat16
        Assert.InRange(weights, 2 * 7_500_000, 2 * 8_000_000); // 7.7 M parameters
        Assert.Contains("% of a plain read", output);
    }

    [Fact]
    public async Task Throughput_DemoModel_CountsTokensAndSteps()
    {
        (JsonNode json, _) = await RunAsync(
            "throughput", "--sequences", "6", "--prompt-tokens", "5..9", "--new-tokens", "4", "--concurrency", "1", "6", "--warm-up", "0", "--runs", "1", "--Model:Dtype=float32");

        Assert.Contains("float32", (string?)json["model"]!["dtype"]);
        JsonNode one = json["results"]![0]!, six = json["results"]![1]!;
        Assert.Equal([1, 6], json["results"]!.AsArray().Select(result => (int)result!["concurrency"]!));
        Assert.Equal(6 * 3, (int)one["decode_step_ms"]!["count"]!); // of 4 tokens each, the first comes out of the prompt's step
        Assert.Equal(6, (int)one["mixed_step_ms"]!["count"]!);
        Assert.True((double)six["tokens_per_step"]! > (double)one["tokens_per_step"]!);
        double all = (double)six["tokens_per_s"]!["p50"]!, prompt = (double)six["prompt_tokens_per_s"]!["p50"]!, fresh = (double)six["new_tokens_per_s"]!["p50"]!;
        Assert.Equal(all, prompt + fresh, all * 1e-9);
    }

    [Theory]
    [InlineData("latency --new-tokens 1", 2, "--new-tokens is '1'")]
    [InlineData("latency --prompt-tokens 0", 2, "--prompt-tokens is '0'")]
    [InlineData("throughput --sequences none", 2, "--sequences is 'none'")]
    [InlineData("latency --Model:Dtype=int3", 1, "Model:Dtype must be")]
    [InlineData("latency --Model:Path=/no/such", 1, "Model:Path is '/no/such'")]
    [InlineData("latency --prompt-tokens 5000", 1, "--prompt-tokens and --new-tokens come to 5,128 tokens")]
    [InlineData("latency --seen-prefix 64 --Scheduler:PrefixCache=false", 1, "Scheduler:PrefixCache")]
    [InlineData("throughput --sequences 9 --new-tokens 2 --Scheduler:MaxQueueLength=1 --Scheduler:MaxSequences=1", 1, "--Scheduler:MaxQueueLength=1")]
    public async Task Run_WhatCannotBe_NamesWhatIsWrong(string words, int exitCode, string expected)
    {
        using OtherCulture culture = new();
        (int? code, string output, string error) = await VerbsTests.RunAsync(["bench", .. words.Split(' ')]);

        Assert.Equal((exitCode, ""), (code, output));
        Assert.Contains(expected, error);
    }

    private static async Task<(JsonNode Json, string Output)> RunAsync(params string[] words)
    {
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync(["bench", .. words, $"--Model:Path={DemoApp.Folder}"]);
        Assert.True(exitCode == 0, error);
        return (JsonNode.Parse(output.TrimEnd().Split('\n')[^1])!, output);
    }
}
