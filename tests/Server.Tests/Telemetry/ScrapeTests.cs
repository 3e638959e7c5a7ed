using System.Globalization;
using Llama.Server.Telemetry;
using Llama.Server.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Tests.Telemetry;

/// <summary>What a scrape says.</summary>
public sealed class ScrapeTests
{
    // semantic-conventions, gen-ai-metrics
    private static readonly Dictionary<string, double[]> Buckets = new()
    {
        ["gen_ai_server_request_duration_seconds"] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
        ["gen_ai_server_time_to_first_token_seconds"] = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        ["gen_ai_server_time_per_output_token_seconds"] = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
    };

    [Fact]
    public async Task Scrape_OfAnyState_IsOfTheFormatAndAddsUp()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        HttpClient client = await app.StartAsync();
        await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"n\":2"));
        await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true"));
        await client.PostAsync("/v1/chat/completions", TestApp.Json("{"));
        var scrape = new Scrape(await client.GetStringAsync("/metrics"));

        Assert.All(scrape.Samples, sample => Assert.Equal("tiny", sample.Labels["model_name"]));
        Assert.All(scrape.Samples, sample => Assert.Contains(scrape.Types.Keys, name => sample.Name.StartsWith(name, StringComparison.Ordinal)));
        foreach (string name in scrape.Types.Where(type => type.Value == "histogram").Select(type => type.Key))
        {
            foreach (IGrouping<string, Scrape.Sample> series in scrape.Of($"{name}_bucket").GroupBy(Series))
            {
                double[] counts = [.. series.Select(sample => sample.Value)];
                Assert.Equal(counts.Order(), counts);
                Assert.Equal(scrape.Of($"{name}_count").Single(sample => Series(sample) == series.Key).Value, series.Single(sample => sample.Labels["le"] == "+Inf").Value);
            }
        }
    }

    /// <summary>Meters are found by name, in the whole process.</summary>
    [Fact]
    public async Task Scrape_OtherHostsInTheProcess_AreNotInItAndTakeNothingWithThem()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        HttpClient client = await app.StartAsync();
        await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        string[] before;
        await using (var other = new TestApp { Reply = "A tall animal." })
        {
            await (await other.StartAsync()).PostAsync("/v1/chat/completions", TestApp.Chat());
            before = await CountsAsync();
        }

        Assert.Contains("vllm:request_success_total 1", before);
        Assert.Equal(before, await CountsAsync());
        Assert.Equal(before, await CountsAsync()); // an instrument that has ended is there one more time

        async Task<string[]> CountsAsync() =>
            [.. new Scrape(await client.GetStringAsync("/metrics")).Samples.Where(sample => sample.Name.EndsWith("_total", StringComparison.Ordinal) && !sample.Name.EndsWith("_seconds_total", StringComparison.Ordinal)).Select(sample => $"{sample.Name} {sample.Value}")];
    }

    [Fact]
    public async Task Scrape_ThatFails_LeavesTheResponseItsBody()
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { Response = { Body = body } };

        await Assert.ThrowsAsync<InvalidOperationException>(() => new ScrapeNames(_ => throw new InvalidOperationException("meter")).InvokeAsync(context));

        Assert.Same(body, context.Response.Body);
    }

    [Fact]
    public async Task GenAI_AfterRequests_HasTheConventionsNamesLabelsAndBuckets()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        HttpClient client = await app.StartAsync();
        await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        await client.PostAsync("/v1/embeddings", TestApp.Json("""{"model":"tiny","input":"a"}"""));
        await client.PostAsync("/v1/completions", TestApp.Json("""{"model":"tiny"}"""));
        var scrape = new Scrape(await client.GetStringAsync("/metrics"));

        foreach ((string name, double[] buckets) in Buckets)
        {
            Scrape.Sample[] chat = [.. scrape.Of($"{name}_bucket").Where(sample => sample.Labels["gen_ai_operation_name"] == "chat")];
            Assert.Equal(buckets.Select(bucket => bucket.ToString(CultureInfo.InvariantCulture)).Append("+Inf"), chat.Select(sample => sample.Labels["le"]));
            Assert.All(chat, sample => Assert.Equal(("llama", "tiny", "tiny"), (sample.Labels["gen_ai_provider_name"], sample.Labels["gen_ai_request_model"], sample.Labels["gen_ai_response_model"])));
            Assert.Equal(1, chat[^1].Value);
        }
        Assert.Equal(
            ["chat ", "embeddings ", "text_completion missing_required_parameter"],
            scrape.Of("gen_ai_server_request_duration_seconds_count").Select(sample => $"{sample.Labels["gen_ai_operation_name"]} {sample.Labels.GetValueOrDefault("error_type")}").Order());
    }

    [Fact]
    public async Task Gauges_OfTheServer_SayStateAndBounds()
    {
        using var loaded = new ManualResetEventSlim();
        await using var app = new TestApp { OnLoad = loaded.Wait, Settings = { ["Scheduler:MaxSequences"] = "7", ["Scheduler:MaxQueueLength"] = "9", ["Scheduler:MaxBatchTokens"] = "33" } };
        HttpClient client = app.CreateClient();
        Assert.Equal(0, await ValueAsync("llama_ready"));
        loaded.Set();
        await app.StartAsync();

        Assert.Equal((1, 7, 9, 33), (await ValueAsync("llama_ready"), await ValueAsync("llama_max_requests_running"), await ValueAsync("llama_max_requests_waiting"), await ValueAsync("llama_max_step_tokens")));

        async Task<double> ValueAsync(string name) => Assert.Single(new Scrape(await client.GetStringAsync("/metrics")).Of(name)).Value;
    }

    [Fact]
    public async Task Gauges_OfDevices_SayWhatEachHoldsAndForHowLongItWorked()
    {
        await using var app = new TestApp { Reply = "ok" };
        HttpClient client = await app.StartAsync();
        var scrape = new Scrape(await client.GetStringAsync("/metrics"));

        Assert.Equal(["kv_cache 2", "other 1", "weights 1"], scrape.Of("llama_device_memory_bytes").Select(sample => $"{sample.Labels["kind"]} {sample.Value}").Order());
        foreach (string name in (string[])["llama_device_busy_seconds_total", "llama_device_streamed_bytes_total", "llama_device_stream_wait_seconds_total"])
            Assert.Equal("none", Assert.Single(scrape.Of(name)).Labels["device"]);
    }

    [Fact]
    public void Rename_LabelValues_StayAsTheyAre() => Assert.Equal(
        "# TYPE vllm:a counter\nvllm:a{key=\"vllm_a gen_ai_server_request_duration\"} 1\ngen_ai_server_request_duration_seconds_bucket{le=\"1\"} 1\n# UNIT gen_ai_server_request_duration_seconds seconds\n",
        ScrapeNames.Rename(
            "# TYPE vllm_a counter\nvllm_a{key=\"vllm_a gen_ai_server_request_duration\"} 1\ngen_ai_server_request_duration_bucket{le=\"1\"} 1\n# UNIT gen_ai_server_request_duration_seconds seconds\n"));

    private static string Series(Scrape.Sample sample) => string.Join(',', sample.Labels.Where(label => label.Key != "le").OrderBy(label => label.Key, StringComparer.Ordinal));
}
