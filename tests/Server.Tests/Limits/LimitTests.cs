using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Auth;
using Llama.Server.Limits;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Http;
using OpenAI;
using OpenAI.Chat;

namespace Llama.Server.Tests.Limits;

/// <summary>Limits as callers meet them.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task Answer_WithoutLimits_HasNoHeaders()
    {
        await using var app = new TestApp { Reply = "ok" };
        HttpResponseMessage answer = await (await app.StartAsync()).PostAsync("/v1/chat/completions", TestApp.Chat());

        Assert.True(answer.IsSuccessStatusCode);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Requests_OverTheLimit_Are429WithAllThatOpenAISays()
    {
        var clock = new ManualClock();
        await using var app = new TestApp
        {
            Reply = "ok",
            Clock = clock,
            Settings = { ["Auth:ApiKeys:0:Name"] = "shop", ["Auth:ApiKeys:0:Key"] = "k1", ["Auth:ApiKeys:0:RequestsPerMinute"] = "2", ["Auth:ApiKeys:1"] = "k2" },
        };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage first = await SendAsync(client, "k1");
        clock.Advance(TimeSpan.FromSeconds(20.5));
        HttpResponseMessage second = await SendAsync(client, "k1");
        HttpResponseMessage third = await SendAsync(client, "k1");

        Assert.Equal(("2", "1", "1m0s"), (Header(first, "x-ratelimit-limit-requests"), Header(first, "x-ratelimit-remaining-requests"), Header(first, "x-ratelimit-reset-requests")));
        Assert.Equal("0", Header(second, "x-ratelimit-remaining-requests"));
        JsonNode error = await ErrorTests.AssertErrorAsync(third, HttpStatusCode.TooManyRequests, "rate_limit_exceeded", null);
        Assert.Equal("Rate limit reached for the key 'shop' on requests per minute (RPM): Limit 2, Used 2, Requested 1. Please try again in 39.6s.", (string?)error["message"]);
        Assert.Equal("rate_limit_error", (string?)error["type"]);
        Assert.Equal(("40", "39600", "0"), (Header(third, "Retry-After"), Header(third, "retry-after-ms"), Header(third, "x-ratelimit-remaining-requests")));
        Assert.Equal("1m0.1s", Header(third, "x-ratelimit-reset-requests")); // until the second no longer counts
        Assert.True((await SendAsync(client, "k2")).IsSuccessStatusCode); // it has no limit
        clock.Advance(TimeSpan.FromSeconds(39.6));
        Assert.True((await SendAsync(client, "k1")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Replicas_WithoutRedis_EachKeepsToItsPart()
    {
        await using var app = new TestApp { Reply = "ok", Clock = new ManualClock(), Settings = { ["RateLimits:RequestsPerMinute"] = "5", ["RateLimits:TokensPerMinute"] = "400", ["RateLimits:Replicas"] = "2" } };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage tooLarge = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":300"));
        HttpResponseMessage[] answers = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":2"))))];

        Assert.StartsWith("Request too large for this address on tokens per minute (TPM): Limit 200,", (string?)(await TestApp.ReadJsonAsync(tooLarge))["error"]!["message"]);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], answers.Select(answer => answer.StatusCode).Order());
        Assert.All(answers, answer => Assert.Equal("2", Header(answer, "x-ratelimit-limit-requests")));
    }

    [Fact]
    public async Task Tokens_AreReservedAndSettledWithWhatWasUsed()
    {
        await using var app = new TestApp { Reply = "ok", Clock = new ManualClock(), Settings = { ["RateLimits:TokensPerMinute"] = "400" } };
        HttpClient client = await app.StartAsync();
        JsonNode answer = await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":300")));
        int used = (int)answer["usage"]!["total_tokens"]!, prompt = (int)answer["usage"]!["prompt_tokens"]!;
        Assert.InRange(used, prompt, 60);

        HttpResponseMessage next = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":300"));
        Assert.Equal(("400", (400 - used - prompt - 300).ToString()), (Header(next, "x-ratelimit-limit-tokens"), Header(next, "x-ratelimit-remaining-tokens")));
        HttpResponseMessage streamed = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":10,\"stream\":true"));
        await streamed.Content.ReadAsStringAsync();
        Assert.Equal((400 - used - used - prompt - 10).ToString(), Header(streamed, "x-ratelimit-remaining-tokens"));
        HttpResponseMessage unbounded = await client.PostAsync("/v1/chat/completions", TestApp.Chat()); // an assumption alone keeps nobody out for good
        Assert.Equal(HttpStatusCode.TooManyRequests, unbounded.StatusCode);
        Assert.NotNull(unbounded.Headers.RetryAfter);
    }

    [Fact]
    public async Task Tokens_MoreThanTheLimitInOneRequest_SayThatItNeverFits()
    {
        await using var app = new TestApp { Reply = "ok", Settings = { ["RateLimits:TokensPerMinute"] = "100" } };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage refused = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":200"));
        HttpResponseMessage embedded = await client.PostAsync("/v1/embeddings", TestApp.Json($$"""{"model":"tiny","input":"{{string.Join(' ', Enumerable.Repeat("giraffe", 30))}}"}"""));

        foreach (HttpResponseMessage answer in new[] { refused, embedded })
        {
            JsonNode error = await ErrorTests.AssertErrorAsync(answer, HttpStatusCode.TooManyRequests, "rate_limit_exceeded", null);
            Assert.Contains("never be let in", (string?)error["message"]);
            Assert.Contains("this address", (string?)error["message"]);
            Assert.Null(answer.Headers.RetryAfter);
            Assert.Equal("false", Header(answer, "x-should-retry"));
            Assert.Equal(("100", null), (Header(answer, "x-ratelimit-limit-tokens"), Header(answer, "x-ratelimit-remaining-tokens"))); // what is left was not asked for
        }
        Assert.True((await client.PostAsync("/v1/chat/completions", TestApp.Chat())).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Concurrent_OverTheLimit_AreRefusedUntilOneEndsOrLeaves()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["RateLimits:MaxConcurrent"] = "2" } };
        HttpClient client = await app.StartAsync();
        slow.HoldAt = app.Engine.Snapshot.StepCount + 1;
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> one = client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":5"));
        await Wait.Until(() => slow.IsHolding);
        Task<HttpResponseMessage> two = client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":400,\"ignore_eos\":true"), leaving.Token);
        await Wait.Until(() => app.Engine.Snapshot.WaitingCount == 1);

        HttpResponseMessage refused = await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        JsonNode error = await ErrorTests.AssertErrorAsync(refused, HttpStatusCode.TooManyRequests, "rate_limit_exceeded", null);
        Assert.Contains("Limit 2, Used 2", (string?)error["message"]);
        Assert.Equal("1", Header(refused, "Retry-After")); // nobody knows when one ends
        await leaving.CancelAsync();
        slow.Release();
        Assert.True((await one).IsSuccessStatusCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        await Wait.Until(async () => (await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":1"))).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Requests_Of32ClientsAtOnce_AreLetInExactlyToTheLimit()
    {
        await using var app = new TestApp { Reply = "ok", Clock = new ManualClock(), Settings = { ["RateLimits:RequestsPerMinute"] = "200" } };
        HttpClient client = await app.StartAsync();
        int answered = 0, limited = 0;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async _ =>
        {
            for (int i = 0; i < 10; i++)
            {
                HttpResponseMessage answer = await client.PostAsync("/v1/completions", TestApp.Json("""{"model":"tiny","prompt":"a","max_tokens":1}"""));
                Interlocked.Increment(ref answer.IsSuccessStatusCode ? ref answered : ref limited);
            }
        }));

        Assert.Equal((200, 120), (answered, limited));
    }

    /// <summary>What was begun is computed, and whoever leaves before it is there would have it for nothing.</summary>
    [Theory]
    [InlineData("/v1/embeddings", "\"input\":\"a giraffe\"")]
    [InlineData("/v1/completions", "\"prompt\":\"a giraffe\",\"max_tokens\":100")]
    [InlineData("/v1/completions", "\"prompt\":\"a giraffe\",\"max_tokens\":100,\"stream\":true")]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"a giraffe\"}],\"max_tokens\":10,\"n\":5")]
    [InlineData("/v1/responses", "\"input\":\"a giraffe\",\"max_output_tokens\":100")]
    public async Task Request_WhoseCallerLeaves_CountsWithWhatItHadUpToThere(string route, string fields)
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { OnStep = slow.OnStep, Clock = new ManualClock(), Settings = { ["RateLimits:RequestsPerMinute"] = "10", ["RateLimits:TokensPerMinute"] = "1000", ["RateLimits:MaxConcurrent"] = "1" } };
        HttpClient client = await app.StartAsync();
        slow.HoldAt = app.Engine.Snapshot.StepCount + 1;
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> left = client.PostAsync(route, TestApp.Json($$"""{"model":"tiny",{{fields}}}"""), leaving.Token);
        await Wait.Until(() => slow.IsHolding);
        await leaving.CancelAsync();
        slow.Release();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        HttpResponseMessage next = null!;
        await Wait.Until(async () => (next = await client.PostAsync("/v1/completions", TestApp.Json("""{"model":"tiny","prompt":[1],"max_tokens":1}"""))).IsSuccessStatusCode); // its place is free

        Assert.Equal("8", Header(next, "x-ratelimit-remaining-requests"));
        Assert.InRange(int.Parse(Header(next, "x-ratelimit-remaining-tokens")!), 900, 1000 - 2 - 2); // the prompt has two tokens or more, and never was as much as was asked for used
    }

    [Fact]
    public async Task Address_OnAnOpenServer_HasLimitsOfItsOwn()
    {
        await using var app = new TestApp { Reply = "ok", Clock = new ManualClock(), Settings = { ["RateLimits:RequestsPerMinute"] = "1" } };
        await app.StartAsync();
        Assert.Equal((200, 429, 200), (await AskAsync("10.0.0.1"), await AskAsync("10.0.0.1"), await AskAsync("10.0.0.2")));

        async Task<int> AskAsync(string address)
        {
            byte[] body = """{"model":"tiny","prompt":"a","max_tokens":1}"""u8.ToArray();
            HttpContext answered = await app.Server.SendAsync(context =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(address);
                (context.Request.Method, context.Request.Path, context.Request.ContentType) = ("POST", "/v1/completions", "application/json");
                (context.Request.Body, context.Request.ContentLength) = (new MemoryStream(body), body.Length);
            });
            return answered.Response.StatusCode;
        }
    }

    /// <summary>A caller is the same on every replica, and has no more of itself than others have.</summary>
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("2001:db8:1:2::1", "10.0.0.1", false)]
    public void Id_OfAddresses_IsOneForEachNetworkThatACallerHas(string one, string other, bool isSame) =>
        Assert.Equal(isSame, RequestLimits.Id(null, IPAddress.Parse(one)) == RequestLimits.Id(null, IPAddress.Parse(other)));

    [Theory]
    [InlineData("shop", "Shop", true)]
    [InlineData("shop", "shop2", false)]
    public void Id_OfKeys_IsTheirNamesWhateverTheirCase(string one, string other, bool isSame)
    {
        Assert.Equal(isSame, Id(one) == Id(other));
        Assert.NotEqual(Id("10.0.0.1"), RequestLimits.Id(null, IPAddress.Parse("10.0.0.1")));

        static string Id(string name) => RequestLimits.Id(new ApiKey(name, [], [], 1, null, LimitRules.None), null);
    }

    [Fact]
    public async Task Answers_WithoutALimitOfTheirOwn_AreEachTakenToNeedTheSame()
    {
        await using var app = new TestApp { Reply = "ok", Clock = new ManualClock(), Settings = { ["RateLimits:TokensPerMinute"] = "1000", ["RateLimits:AssumedOutputTokens"] = "50" } };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage answer = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"n\":3"));
        int prompt = (int)(await TestApp.ReadJsonAsync(answer))["usage"]!["prompt_tokens"]!;

        Assert.Equal((1000 - prompt - 150).ToString(), Header(answer, "x-ratelimit-remaining-tokens"));
    }

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"a giraffe\"}]")]
    [InlineData("/v1/embeddings", "\"input\":\"a giraffe\"")]
    public async Task Request_RefusedByTheEngine_CountsForNothing(string route, string fields)
    {
        await using var server = new FullServer { Clock = new ManualClock(), Settings = { ["RateLimits:RequestsPerMinute"] = "10", ["RateLimits:TokensPerMinute"] = "10000" } };
        HttpClient client = await server.StartAsync();
        HttpResponseMessage refused = await client.PostAsync(route, TestApp.Json($$"""{"model":"tiny",{{fields}}}"""));
        HttpResponseMessage[] answers = await server.ReleaseAsync();
        int used = 0;
        foreach (HttpResponseMessage answer in answers)
            used += (int)(await TestApp.ReadJsonAsync(answer))["usage"]!["total_tokens"]!;
        HttpResponseMessage next = await client.PostAsync("/v1/completions", TestApp.Json("""{"model":"tiny","prompt":[1],"max_tokens":1}"""));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(("7", $"{10_000 - used - 2}"), (Header(next, "x-ratelimit-remaining-requests"), Header(next, "x-ratelimit-remaining-tokens")));
    }

    [Theory]
    [InlineData("""{"model":"tiny","input":"a","previous_response_id":"resp_1"}""")]
    [InlineData("""{"model":"tiny","input":[{"type":"item_reference","id":"msg_1"}]}""")]
    public async Task Request_ThatRefersToWhatAnotherReplicaMayHave_CountsForNothing(string body)
    {
        // A gateway that does not know which replica has it asks one after the other, and the caller has asked once.
        await using var app = new TestApp { Reply = "ok", Clock = new ManualClock(), Settings = { ["RateLimits:RequestsPerMinute"] = "10", ["RateLimits:TokensPerMinute"] = "10000" } };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage unknown = await client.PostAsync("/v1/responses", TestApp.Json(body));

        Assert.Contains("_not_found", await unknown.Content.ReadAsStringAsync());
        Assert.Null(Header(unknown, "x-ratelimit-remaining-requests"));
        Assert.Equal("9", Header(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":1")), "x-ratelimit-remaining-requests"));
    }

    [Fact]
    public async Task OpenAIsClient_Limited_ComesAgainWhenItWasTold()
    {
        var clock = new ManualClock();
        await using var app = new TestApp { Reply = "ok", Clock = clock, Settings = { ["RateLimits:RequestsPerMinute"] = "1" } };
        HttpClient client = await app.StartAsync();
        Assert.True((await client.PostAsync("/v1/chat/completions", TestApp.Chat())).IsSuccessStatusCode);
        clock.Advance(TimeSpan.FromSeconds(59.2));
        var seen = new Seen(app.Server.CreateHandler(), () => clock.Advance(TimeSpan.FromSeconds(1)));
        var openAI = new OpenAIClient(new ApiKeyCredential("any"), new OpenAIClientOptions
        {
            Endpoint = new Uri("http://localhost/v1"),
            Transport = new HttpClientPipelineTransport(new HttpClient(seen) { Timeout = Timeout.InfiniteTimeSpan }),
        });

        ChatCompletion answer = await openAI.GetChatClient(TestApp.ModelName).CompleteChatAsync([new UserChatMessage("Hi")]);

        Assert.Equal("ok", answer.Content[0].Text.Trim());
        Assert.Equal([HttpStatusCode.TooManyRequests, HttpStatusCode.OK], seen.Answers);
    }

    internal static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.Single() : null;

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string key) => client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
    {
        Content = TestApp.Chat(),
        Headers = { { "Authorization", $"Bearer {key}" } },
    });

    /// <summary>Notes what is answered, and does something after a 429.</summary>
    private sealed class Seen(HttpMessageHandler inner, Action afterLimit) : DelegatingHandler(inner)
    {
        public List<HttpStatusCode> Answers { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            Answers.Add(answer.StatusCode);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                afterLimit();
            return answer;
        }
    }
}
