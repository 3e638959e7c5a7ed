using System.Text.Json.Nodes;
using Llama.Server.Bench.Load;
using Llama.Server.Bench.Measuring;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Bench;

/// <summary><c>bench serve</c> as it is called, against servers on real sockets.</summary>
public sealed class ServeVerbTests : IDisposable
{
    private readonly TempFolder _folder = new("llama-bench-");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("completions")]
    [InlineData("chat")]
    public async Task Run_RealServer_MeasuresWhatWasAsked(string endpoint)
    {
        await using var app = new TestApp();
        string url = await StartAsync(app);

        (int? exitCode, JsonNode json, string output) = await RunAsync(
            "--url", url, "--endpoint", endpoint, "--concurrency", "1", "3", "--requests", "6", "--prompt-tokens", "40..60", "--new-tokens", "5", "--rounds", "2", "--goodput", "ttft:600000");

        Assert.Equal(0, exitCode);
        Assert.Contains("goodput", output);
        Assert.Equal(2, json["results"]!.AsArray().Count);
        foreach (JsonNode? result in json["results"]!.AsArray())
        {
            Assert.Equal(12, (int)result!["completed"]!);
            Assert.Equal(60, (int)result["output_tokens"]!);
            Assert.InRange((int)result["prompt_tokens"]! / 12.0, 35, 65); // as long as asked, by the server's own count
            Assert.Equal("usage", (string?)result["tokens_counted_by"]);
            Assert.Equal(12, (int)result["ttft_ms"]!["count"]!);
            Assert.Equal((double)result["requests_per_s"]!["p50"]!, (double)result["good_requests_per_s"]!["p50"]!);
        }
    }

    [Fact]
    public async Task Run_Json_HasTheKeysThatReadersRelyOn()
    {
        await using FakeServer server = await FakeServer.StartAsync();

        (_, JsonNode json, _) = await RunAsync("--url", server.Url, "--requests", "1", "--rate", "inf", "--api-key", "secret");

        Assert.Equal(["benchmark", "version", "machine", "settings", "results", "comparisons"], Keys(json));
        Assert.Equal(["cpu", "cores", "isa", "memory_bytes", "os", "runtime"], Keys(json["machine"]!));
        Assert.Equal(
            ["url", "model", "shape", "rounds", "seconds", "sent", "completed", "failed", "refused", "interrupted", "errors", "tokens_counted_by", "prompt_tokens", "output_tokens",
             "requests_per_s", "output_tokens_per_s", "total_tokens_per_s", "good_requests_per_s", "ttft_ms", "tpot_ms", "inter_token_ms", "end_to_end_ms"],
            Keys(json["results"]![0]!));
        Assert.Equal(["count", "mean", "std", "p50", "p95", "p99", "min", "max"], Keys(json["results"]![0]!["ttft_ms"]!));
        Assert.DoesNotContain("secret", json.ToJsonString());
        Assert.Equal("chunks", (string?)json["results"]![0]!["tokens_counted_by"]);

        static IEnumerable<string> Keys(JsonNode node) => node.AsObject().Select(pair => pair.Key);
    }

    [Fact]
    public async Task Run_RequestsThatGoWrong_AreToldByKindAndFailTheRun()
    {
        await using FakeServer server = await FakeServer.StartAsync();

        (int? exitCode, JsonNode json, string output) = await RunAsync(
            "--url", server.Url, "--warm-up", "0", "--concurrency", "3", "--dataset", Dataset("fine", "400", "503", "503 for ever", "cut", "error", "400", "fine"));

        JsonNode result = json["results"]![0]!;
        Assert.Equal(1, exitCode);
        Assert.Equal((8, 2, 5, 1), ((int)result["sent"]!, (int)result["completed"]!, (int)result["failed"]!, (int)result["refused"]!));
        Assert.Equal(
            ["2 HTTP 400", "1 HTTP 503", "1 HTTP 503", "1 cut stream", "1 error event"],
            result["errors"]!.AsArray().Select(error => $"{error!["count"]} {error["fault"]}").OrderByDescending(error => error[0]).ThenBy(error => error, StringComparer.Ordinal));
        Assert.Contains("2 × HTTP 400: Too long.", output);
        Assert.Contains("1 × refused, HTTP 503: come again", output);
    }

    [Fact]
    public async Task Run_RefusalsAlone_FailOnlyARunInWhichNothingElseWasDone()
    {
        await using FakeServer server = await FakeServer.StartAsync();

        Assert.Equal(0, (await RunAsync("--url", server.Url, "--warm-up", "0", "--dataset", Dataset("503", "fine"))).ExitCode);
        Assert.Equal(1, (await RunAsync("--url", server.Url, "--warm-up", "0", "--dataset", Dataset("503"))).ExitCode);
    }

    [Fact]
    public async Task Run_ConnectionThatBreaks_IsAFailure()
    {
        await using FakeServer server = await FakeServer.StartAsync();

        (int? exitCode, JsonNode json, _) = await RunAsync("--url", server.Url, "--warm-up", "0", "--dataset", Dataset("abort", "fine"));

        JsonNode result = json["results"]![0]!;
        Assert.Equal((1, 1, 1), (exitCode, (int)result["completed"]!, (int)result["failed"]!));
        Assert.Contains((string)result["errors"]![0]!["fault"]!, (string[])["connection", "cut stream"]); // what was sent before the reset may be lost with it
    }

    [Fact]
    public async Task Run_RequestThatNeverEnds_TimesOut()
    {
        await using FakeServer server = await FakeServer.StartAsync();

        (int? exitCode, JsonNode json, _) = await RunAsync("--url", server.Url, "--warm-up", "0", "--timeout", "1", "--dataset", Dataset("hang"));

        Assert.Equal(1, exitCode);
        Assert.Equal("timeout", (string?)json["results"]![0]!["errors"]![0]!["fault"]);
    }

    [Fact]
    public async Task Run_Interrupted_ReportsWhatThereIs()
    {
        await using FakeServer server = await FakeServer.StartAsync();
        using var stop = new CancellationTokenSource();
        ServePlan plan = new() { Url = new Uri(server.Url), Shapes = [new LoadShape(1, null)], WarmUp = 0, Dataset = Dataset("fine", "fine", "hang", "fine") };

        Task<ServeReport> run = ServeBench.RunAsync(plan, new Progress(TextWriter.Null), stop.Token);
        await server.Hangs;
        await stop.CancelAsync();

        ServeResult result = (await run).Results.Single();
        Assert.Equal((3, 2, 0, 1), (result.Sent, result.Completed, result.Failed, result.Interrupted));
    }

    [Fact]
    public async Task Run_TwoServers_AlternatesAndTellsRatios()
    {
        await using FakeServer first = await FakeServer.StartAsync(), second = await FakeServer.StartAsync();

        (int? exitCode, JsonNode json, string output) = await RunAsync("--url", first.Url, "--compare-url", second.Url, "--concurrency", "2", "--requests", "2");

        Assert.Equal(0, exitCode);
        Assert.Equal([$"{first.Url}", $"{second.Url}"], json["results"]!.AsArray().Select(result => ((string)result!["url"]!).TrimEnd('/')));
        Assert.Equal(5, (int)json["comparisons"]![0]!["pairs"]!);
        Assert.True((double)json["comparisons"]![0]!["output_tokens_per_s"]!["of_medians"]! > 0);
        Assert.Contains("5 pairs of rounds", output);
    }

    [Fact]
    public async Task Run_WrongKeyOrNoServer_SaysSoAndWhatToDo()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "right" } };
        string url = await StartAsync(app);

        Assert.Contains("answered 401", await FailAsync("--url", url, "--api-key", "wrong"));
        Assert.Contains("HTTP 401", await FailAsync("--url", url, "--api-key", "wrong", "--model", TestApp.ModelName));
        Assert.Contains("Start the server", await FailAsync("--url", "http://127.0.0.1:1"));
        Assert.Equal(0, (await RunAsync("--url", url, "--api-key", "right", "--requests", "1", "--new-tokens", "2")).ExitCode);
    }

    [Theory]
    [InlineData("--rate", "fast")]
    [InlineData("--rate", "0")]
    [InlineData("--goodput", "ttft=3")]
    [InlineData("--goodput", "ttfb:3")]
    [InlineData("--url", "localhost")]
    [InlineData("--requests", "0")]
    [InlineData("--rounds", "x")]
    [InlineData("--temperature", "x")]
    [InlineData("--temperature", "-1")]
    [InlineData("--concurrency", "0")]
    [InlineData("--prompt-tokens", "9..3")]
    [InlineData("--dataset", "/no/such/file")]
    [InlineData("--rate", "3", "--concurrency", "2")]
    public async Task Run_BadValue_NamesTheOptionAndWhatItTakes(params string[] options)
    {
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync(["bench", "serve", .. options]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(options[0] + " ", error);
        Assert.Contains("bench serve --help", error);
    }

    private static async Task<string> StartAsync(TestApp app)
    {
        app.UseKestrel();
        return (await app.StartAsync()).BaseAddress!.ToString();
    }

    private string Dataset(params string[] prompts)
    {
        string path = _folder.In($"{Guid.NewGuid()}.jsonl");
        File.WriteAllLines(path, prompts.Select(prompt => $$"""{"prompt": "{{prompt}}"}"""));
        return path;
    }

    private static async Task<(int? ExitCode, JsonNode Json, string Output)> RunAsync(params string[] options)
    {
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync(["bench", "serve", .. options]);
        Assert.True(output.Length > 0, error);
        return (exitCode, JsonNode.Parse(output.TrimEnd().Split('\n')[^1])!, output);
    }

    private static async Task<string> FailAsync(params string[] options)
    {
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync(["bench", "serve", .. options]);
        Assert.Equal((1, ""), (exitCode, output));
        return error;
    }
}
