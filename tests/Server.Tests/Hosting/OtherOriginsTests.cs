using System.Net;
using Llama.Server.Tests.Auth;

namespace Llama.Server.Tests.Hosting;

/// <summary>What browsers ask before they let a page of another origin call.</summary>
public sealed class OtherOriginsTests
{
    private const string Page = "https://app.example.com";

    [Fact]
    public async Task Preflight_OfAnAllowedOrigin_LetsKeysAndClientHeadersThrough()
    {
        await using var app = new TestApp { Reply = "ok", Settings = { ["Server:Cors:Origins:0"] = Page, ["Auth:ApiKeys:0"] = "k" } };
        HttpClient client = await app.StartAsync();
        HttpResponseMessage preflight = await client.SendAsync(Preflight(Page));

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal(Page, Value(preflight, "Access-Control-Allow-Origin"));
        Assert.Equal("POST", Value(preflight, "Access-Control-Allow-Methods"));
        Assert.Equal("authorization,content-type,x-stainless-lang", Value(preflight, "Access-Control-Allow-Headers"));
        Assert.Null(Value(preflight, "Access-Control-Allow-Credentials"));

        var call = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestApp.Chat(), Headers = { { "Origin", Page }, { "Authorization", "Bearer k" } } };
        HttpResponseMessage answer = await client.SendAsync(call);
        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(Page, Value(answer, "Access-Control-Allow-Origin"));
        Assert.Contains("x-request-id", Value(answer, "Access-Control-Expose-Headers"));
        Assert.Contains("x-ratelimit-remaining-tokens", Value(answer, "Access-Control-Expose-Headers"));
        HttpResponseMessage refused = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { { "Origin", Page } } });
        Assert.Equal((HttpStatusCode.Unauthorized, Page), (refused.StatusCode, Value(refused, "Access-Control-Allow-Origin"))); // a page may read why
    }

    [Theory]
    [InlineData(Page, "https://evil.example.com")]
    [InlineData(null, Page)]
    public async Task Preflight_OfAnotherOrigin_IsNotLetThrough(string? allowed, string asking)
    {
        await using var app = new TestApp();
        if (allowed is not null)
            app.Settings["Server:Cors:Origins:0"] = allowed;
        HttpResponseMessage preflight = await (await app.StartAsync()).SendAsync(Preflight(asking));

        Assert.Null(Value(preflight, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Preflight_OfEveryRoute_IsAnsweredWithoutAKey()
    {
        await using var app = new TestApp { Settings = { ["Server:Cors:Origins:0"] = Page, ["Auth:ApiKeys:0"] = "k", ["Auth:AdminKey"] = "boss" } };
        HttpClient client = await app.StartAsync();
        foreach ((HttpMethod method, string path) in ClosedRouteTests.All(app))
        {
            var preflight = new HttpRequestMessage(HttpMethod.Options, path) { Headers = { { "Origin", Page }, { "Access-Control-Request-Method", method.Method }, { "Access-Control-Request-Headers", "authorization" } } };
            HttpResponseMessage answer = await client.SendAsync(preflight);
            Assert.Equal((HttpStatusCode.NoContent, Page, method.Method), (answer.StatusCode, Value(answer, "Access-Control-Allow-Origin"), Value(answer, "Access-Control-Allow-Methods")));
        }
    }

    private static HttpRequestMessage Preflight(string origin) => new(HttpMethod.Options, "/v1/chat/completions")
    {
        Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "authorization,content-type,x-stainless-lang" } },
    };

    private static string? Value(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;
}
