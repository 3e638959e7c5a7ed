using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>The routes beside generation.</summary>
public sealed class RouteTests
{
    [Fact]
    public async Task Tokenize_TextAndBack_GivesTheText()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        JsonNode tokens = await TestApp.ReadJsonAsync(await client.PostAsync("/tokenize", TestApp.Json("""{"prompt":"A giraffe.","return_token_strs":true}""")));
        JsonNode bare = await TestApp.ReadJsonAsync(await client.PostAsync("/tokenize", TestApp.Json("""{"model":"tiny","prompt":"A giraffe.","add_special_tokens":false}""")));
        JsonNode text = await TestApp.ReadJsonAsync(await client.PostAsync("/detokenize", TestApp.Json($$"""{"tokens":{{tokens["tokens"]!.ToJsonString()}}}""")));

        Assert.Equal(["count", "max_model_len", "token_strs", "tokens"], tokens.AsObject().Select(pair => pair.Key).Order());
        Assert.Equal(512, (int)tokens["max_model_len"]!);
        Assert.Equal("<s>", (string?)tokens["token_strs"]![0]);
        Assert.Equal((int)tokens["count"]!, (int)bare["count"]! + 1);
        Assert.Null(bare["token_strs"]);
        Assert.Equal("A giraffe.", (string?)text["prompt"]);
    }

    [Fact]
    public async Task Tokenize_Conversation_CountsAsTheChatDoes()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        const string messages = """ "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}] """;

        JsonNode tokens = await TestApp.ReadJsonAsync(await client.PostAsync("/tokenize", TestApp.Json($$"""{{{messages}}}""")));
        JsonNode count = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions/input_tokens", TestApp.Json($$"""{"model":"tiny",{{messages}}}""")));
        JsonNode answer = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Json($$"""{"model":"tiny","max_tokens":1,{{messages}}}""")));

        Assert.Equal(["input_tokens", "object"], count.AsObject().Select(pair => pair.Key).Order());
        Assert.Equal((int)tokens["count"]!, (int)count["input_tokens"]!);
        Assert.Equal((int)tokens["count"]!, (int)answer["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task Models_ListedAndAlone_HaveTheSameFields()
    {
        await using var app = new TestApp { Settings = { ["Model:Aliases:0"] = "meta-llama/tiny" } };
        HttpClient client = await app.StartAsync();

        JsonNode list = await TestApp.ReadJsonAsync(await client.GetAsync("/v1/models"));
        JsonNode alone = await TestApp.ReadJsonAsync(await client.GetAsync("/v1/models/meta-llama/tiny"));
        JsonNode escaped = await TestApp.ReadJsonAsync(await client.GetAsync("/v1/models/meta-llama%2Ftiny"));
        JsonNode withSlash = await TestApp.ReadJsonAsync(await client.GetAsync("/v1/models/meta-llama/tiny/"));

        Assert.Equal(["data", "object"], list.AsObject().Select(pair => pair.Key).Order());
        Assert.Equal("list", (string?)list["object"]);
        JsonNode card = Assert.Single(list["data"]!.AsArray())!;
        Assert.Equal(["created", "id", "max_model_len", "object", "owned_by"], card.AsObject().Select(pair => pair.Key).Order());
        Assert.Equal(("tiny", "model", 512), ((string?)card["id"], (string?)card["object"], (int)card["max_model_len"]!));
        Assert.InRange((long)card["created"]!, 1_700_000_000, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Assert.Equal(card.ToJsonString(), alone.ToJsonString());
        Assert.Equal(card.ToJsonString(), escaped.ToJsonString());
        Assert.Equal(card.ToJsonString(), withSlash.ToJsonString());
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/v1/chat/completions/input_tokens", """{"model":"tiny","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/v1/completions", """{"model":"tiny","prompt":"Hi"}""")]
    [InlineData("/v1/responses", """{"model":"tiny","input":"Hi"}""")]
    [InlineData("/v1/responses/input_tokens", """{"model":"tiny","input":"Hi"}""")]
    [InlineData("/v1/embeddings", """{"model":"tiny","input":"Hi"}""")]
    [InlineData("/tokenize", """{"model":"tiny","prompt":"Hi"}""")]
    public async Task Loading_AnyRoute_IsLiveButNotReady(string route, string body)
    {
        using var loaded = new ManualResetEventSlim();
        await using var app = new TestApp { OnLoad = loaded.Wait };
        HttpClient client = app.CreateClient();

        HttpResponseMessage refused = await client.PostAsync(route, TestApp.Json(body));

        await ErrorTests.AssertErrorAsync(refused, HttpStatusCode.ServiceUnavailable, "server_unavailable", null);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/startup")).StatusCode);
        Assert.Equal("""{"status":"loading"}""", await (await client.GetAsync("/health/ready")).Content.ReadAsStringAsync());
        loaded.Set();
        await Wait.Until(async () => (await client.GetAsync("/health")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Keys_Set_CloseAllButHealthMetricsAndDescription()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "right" } };
        HttpClient client = await app.StartAsync();

        foreach (string route in new[] { "/v1/models", "/v1/models/tiny" })
        {
            HttpResponseMessage refused = await client.GetAsync(route);
            await ErrorTests.AssertErrorAsync(refused, HttpStatusCode.Unauthorized, "invalid_api_key", null);
            Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.ToString());
            var withKey = new HttpRequestMessage(HttpMethod.Get, route) { Headers = { { "Authorization", "Bearer right" } } };
            Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(withKey)).StatusCode);
        }
        foreach (string route in new[] { "/health", "/metrics", "/swagger/index.html", "/swagger/v1/swagger.json" })
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(route)).StatusCode);
    }

    [Fact]
    public async Task Metrics_AfterARequest_BearTheFieldsNames()
    {
        await using var app = new TestApp { Reply = "ok" };
        HttpClient client = await app.StartAsync();
        await client.PostAsync("/v1/chat/completions", TestApp.Chat());

        string scrape = await client.GetStringAsync("/metrics");

        foreach (string gauge in new[] { "num_requests_running", "num_requests_waiting", "kv_cache_usage_perc" })
            Assert.Matches($"(?m)^vllm:{gauge}{{model_name=\"tiny\"}} [0-9]", scrape);
        foreach (string counter in new[] { "prompt_tokens_total", "generation_tokens_total", "prefix_cache_queries_total" })
            Assert.Matches($"(?m)^# TYPE vllm:{counter} counter$", scrape);
        string[] histograms =
        [
            "time_to_first_token_seconds", "inter_token_latency_seconds", "e2e_request_latency_seconds", "request_queue_time_seconds", "request_prompt_tokens", "iteration_tokens_total",
        ];
        foreach (string histogram in histograms)
            Assert.Matches($"(?m)^vllm:{histogram}_bucket{{.*model_name=\"tiny\".*le=\".*\".*}} ", scrape);
        Assert.Matches("(?m)^vllm:request_success_total{.*finished_reason=\"stop\".*} [1-9]", scrape);
        foreach (string gauge in new[] { "llama_kv_blocks{.*state=\"free\".*}", "process_resident_memory_bytes{.*}", "process_threads{.*}", "process_open_fds{.*}", "dotnet_total_memory_bytes{.*}" })
            Assert.Matches($"(?m)^{gauge} [1-9]", scrape);
        Assert.Matches("(?m)^llama_kv_blocks{.*state=\"used\".*} 0$", scrape);
        Assert.Single(scrape.Split('\n'), line => line.StartsWith("llama_torch_tensors{", StringComparison.Ordinal));
        Assert.DoesNotContain("vllm_", scrape);
        Assert.DoesNotContain("_total_total", scrape);
        Assert.DoesNotContain("seconds_seconds", scrape);
    }
}
