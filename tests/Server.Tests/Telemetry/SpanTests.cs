using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Telemetry;

/// <summary>Spans against OpenTelemetry's conventions for GenAI.</summary>
[Collection(nameof(Activities))]
public sealed class SpanTests : IDisposable
{
    private const string Parent = "b7ad6b7169203331";

    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom(); // other tests make spans at the same time
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivityListener _listener;

    public SpanTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Llama.Server" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.TraceId == _trace)
                    _spans.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Chat_Span_SaysWhatTheConventionsAskFor()
    {
        await using var app = new TestApp { Reply = "A tall animal.", Settings = { ["Model:Aliases:0"] = "meta/tiny" } };
        HttpResponseMessage response = await PostAsync(app, "/v1/chat/completions", """
            {"model":"meta/tiny","messages":[{"role":"user","content":"Hi"}],"max_tokens":50,"temperature":0.5,"top_p":0.9,"top_k":7,"seed":3,"frequency_penalty":0.25,"n":2}
            """);
        JsonNode body = await TestApp.ReadJsonAsync(response);
        Activity span = await FindAsync("chat meta/tiny");

        Assert.Equal(ActivityKind.Internal, span.Kind);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal("chat", span.GetTagItem("gen_ai.operation.name"));
        Assert.Equal("llama", span.GetTagItem("gen_ai.provider.name"));
        Assert.Equal("meta/tiny", span.GetTagItem("gen_ai.request.model"));
        Assert.Equal("tiny", span.GetTagItem("gen_ai.response.model"));
        Assert.Equal((string?)body["id"], span.GetTagItem("gen_ai.response.id"));
        Assert.Equal((50, 0.5f, 0.9f, 7, 3L, 0.25f, 2), (
            span.GetTagItem("gen_ai.request.max_tokens"), span.GetTagItem("gen_ai.request.temperature"), span.GetTagItem("gen_ai.request.top_p"), span.GetTagItem("gen_ai.request.top_k"),
            span.GetTagItem("gen_ai.request.seed"), span.GetTagItem("gen_ai.request.frequency_penalty"), span.GetTagItem("gen_ai.request.choice.count")));
        Assert.Null(span.GetTagItem("gen_ai.request.presence_penalty"));
        Assert.Equal(["stop", "stop"], (string[])span.GetTagItem("gen_ai.response.finish_reasons")!);
        Assert.Equal((int)body["usage"]!["prompt_tokens"]!, span.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal((int)body["usage"]!["completion_tokens"]!, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Null(span.GetTagItem("error.type"));
    }

    [Fact]
    public async Task Chat_Span_StandsBetweenTheCallersAndItsStages()
    {
        await using var app = new TestApp { Reply = "A tall animal." };
        await PostAsync(app, "/v1/chat/completions", """{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"stream":true}""");
        Activity span = await FindAsync("chat tiny"), http = await FindAsync(other => other.ParentSpanId.ToString() == Parent);
        Activity queue = await FindAsync("queue"), prefill = await FindAsync("prefill"), decode = await FindAsync("decode");

        Assert.Equal(http.SpanId, span.ParentSpanId);
        Assert.All([queue, prefill, decode], stage => Assert.Equal(span.SpanId, stage.ParentSpanId));
        Assert.InRange(queue.StartTimeUtc, span.StartTimeUtc - Tolerance, prefill.StartTimeUtc + Tolerance);
        Assert.InRange((prefill.StartTimeUtc - (queue.StartTimeUtc + queue.Duration)).Duration(), TimeSpan.Zero, Tolerance);
        Assert.InRange((decode.StartTimeUtc - (prefill.StartTimeUtc + prefill.Duration)).Duration(), TimeSpan.Zero, Tolerance);
        Assert.InRange(decode.StartTimeUtc + decode.Duration, decode.StartTimeUtc, span.StartTimeUtc + span.Duration + Tolerance);
    }

    [Theory]
    [InlineData("/v1/completions", """{"model":"tiny","prompt":"a","max_tokens":2}""", "text_completion tiny")]
    [InlineData("/v1/embeddings", """{"model":"tiny","input":"a"}""", "embeddings tiny")]
    [InlineData("/v1/responses", """{"model":"tiny","input":"a"}""", "chat tiny")]
    public async Task Routes_EachHasItsOperation(string route, string json, string name)
    {
        await using var app = new TestApp { Reply = "ok" };
        await PostAsync(app, route, json);

        Assert.True((int)(await FindAsync(name)).GetTagItem("gen_ai.usage.input_tokens")! > 0);
    }

    [Theory]
    [InlineData("""{"model":"tiny","messages":[]}""", "chat", "invalid_value")]
    [InlineData("""{"model":"my secret","messages":[{"role":"user","content":"Hi"}]}""", "chat", "model_not_found")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"request_timeout":1e-9}""", "chat tiny", "server_overloaded")]
    public async Task Refused_Span_NamesTheErrorAndNoUnknownModel(string json, string name, string error)
    {
        await using var app = new TestApp();
        await PostAsync(app, "/v1/chat/completions", json);
        Activity span = await FindAsync(name);

        Assert.Equal(error, span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.DoesNotContain("secret", Text(span));
    }

    [Fact]
    public async Task Spans_HoldNoText()
    {
        await using var app = new TestApp { Reply = "A tall animal.", Settings = { ["Auth:ApiKeys:0:Name"] = "shop", ["Auth:ApiKeys:0:Key"] = "very-secret" } };
        HttpResponseMessage response = await PostAsync(app, "/v1/chat/completions", """
            {"model":"tiny","messages":[{"role":"system","content":"zebra"},{"role":"user","content":"zebra?"}],"stop":["zebra"],"user":"zebra","metadata":{"a":"zebra"}}
            """, "very-secret");
        Activity span = await FindAsync("chat tiny");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("shop", span.GetTagItem("enduser.id"));
        foreach (Activity any in _spans)
            Assert.All(["zebra", "tall", "very-secret"], word => Assert.DoesNotContain(word, Text(any)));
    }

    [Theory]
    [InlineData("log", false)]
    [InlineData("traces", true)]
    [InlineData("both", true)]
    public async Task RecordText_ForTraces_PutsPromptAndAnswersIntoTheConventionsAttributes(string setting, bool isThere)
    {
        await using var app = new TestApp { Reply = "A tall animal.", Settings = { ["Server:RecordText"] = setting } };
        await PostAsync(app, "/v1/chat/completions", """{"model":"tiny","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"zebra?"}],"stop":["animal"],"n":2}""");
        Activity span = await FindAsync("chat tiny");

        const string answer = """{"role":"assistant","parts":[{"type":"text","content":"A tall animal"}],"finish_reason":"stop"}""";
        Assert.Equal(
            isThere ? """[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},{"role":"user","parts":[{"type":"text","content":"zebra?"}]}]""" : null,
            span.GetTagItem("gen_ai.input.messages"));
        Assert.Equal(isThere ? $"[{answer},{answer}]" : null, span.GetTagItem("gen_ai.output.messages"));
    }

    // Times of the two clocks that a span is measured by are read one after the other.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    private static string Text(Activity span) => string.Join(
        ' ', span.TagObjects.Select(tag => tag.Value is string[] many ? string.Join(' ', many) : tag.Value?.ToString()).Append(span.DisplayName).Concat(span.Events.Select(one => one.Name)));

    private async Task<HttpResponseMessage> PostAsync(TestApp app, string route, string json, string key = "any")
    {
        HttpClient client = await app.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Post, route)
        {
            Content = TestApp.Json(json),
            Headers = { { "traceparent", $"00-{_trace}-{Parent}-01" }, { "Authorization", $"Bearer {key}" } },
        };
        HttpResponseMessage response = await client.SendAsync(request);
        await response.Content.ReadAsStringAsync();
        return response;
    }

    private Task<Activity> FindAsync(string name) => FindAsync(span => span.DisplayName == name);

    /// <summary>A span ends a little after its answer.</summary>
    private async Task<Activity> FindAsync(Func<Activity, bool> isIt)
    {
        await Wait.Until(() => _spans.Any(isIt));
        return _spans.First(isIt);
    }
}
