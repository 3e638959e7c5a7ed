using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Llama.Server.Pages;
using Llama.Server.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Llama.Server.Tests.Pages;

/// <summary>The pages as HTTP sees them.</summary>
public sealed partial class PageRouteTests
{
    private const string BrowserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

    [Fact]
    public async Task Root_AskedByAProgram_SaysWhoIsThereAndWhereThingsAre()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        foreach (string? accept in new[] { null, "*/*", "application/json", "application/json, text/html;q=0.5" })
        {
            HttpResponseMessage answer = await GetAsync(client, "/", accept);
            JsonNode card = await TestApp.ReadJsonAsync(answer);
            Assert.Equal(("server", "ok", "tiny", 512, false), ((string?)card["object"], (string?)card["status"], (string?)card["model"], (int)card["max_model_len"]!, (bool)card["requires_key"]!));
            foreach ((string name, JsonNode? link) in card["links"]!.AsObject().Where(link => link.Key is not ("chat_completions" or "engine_events")))
                Assert.True((await client.GetAsync((string)link!)).IsSuccessStatusCode, name);
        }
    }

    [Fact]
    public async Task Pages_AskedByABrowser_AreOpenAndClosedToEverythingElse()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "right" } };
        HttpClient client = await app.StartAsync();

        foreach (string path in new[] { "/", "/engine" })
        {
            HttpResponseMessage page = await GetAsync(client, path, BrowserAccepts);
            string html = await page.Content.ReadAsStringAsync(), policy = page.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
            Assert.Contains("default-src 'none'", policy);
            Assert.DoesNotContain("unsafe", policy);
            Assert.DoesNotContain("http:", html + policy);
            Assert.DoesNotContain("https:", html + policy);
        }
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/engine/events")).StatusCode);
    }

    [Fact]
    public async Task File_Any_IsServedWithItsTypeAndNotSentAgain()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();

        Assert.True(PageFile.All.Count > 25);
        foreach (PageFile file in PageFile.All.Values.Where(file => !file.Path.EndsWith(".html", StringComparison.Ordinal)))
        {
            HttpResponseMessage first = await client.GetAsync("/" + file.Path);
            Assert.Equal(file.ContentType, first.Content.Headers.ContentType!.ToString());
            Assert.Equal("no-cache", first.Headers.CacheControl!.ToString());
            var again = new HttpRequestMessage(HttpMethod.Get, "/" + file.Path) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
            Assert.Equal(HttpStatusCode.NotModified, (await client.SendAsync(again)).StatusCode);
        }
        await ErrorTests.AssertErrorAsync(await client.GetAsync("/assets/chat/nothing.js"), HttpStatusCode.NotFound, "unknown_url", null);
    }

    /// <summary>Every module, style and picture that a file of the pages names is one of them.</summary>
    [Fact]
    public void Files_WhatTheyName_IsThere()
    {
        foreach (PageFile file in PageFile.All.Values.Where(file => Path.GetExtension(file.Path) is ".html" or ".js" or ".css" or ".webmanifest"))
        {
            string text = Encoding.UTF8.GetString(file.Content);
            foreach (Match name in Named.Matches(text))
                Assert.Contains(new Uri(new Uri("http://x/" + file.Path), name.Groups[1].Value).AbsolutePath.TrimStart('/'), PageFile.All.Keys);
            Assert.DoesNotContain("innerHTML", text);
            Assert.DoesNotMatch("https?://(?!www.w3.org)[a-z]", text);
        }
    }

    [Fact]
    public async Task Events_AFewFrames_ComeWithWhatIsServed()
    {
        await using var app = new TestApp { Reply = "ok" };
        HttpClient client = await app.StartAsync();
        await client.PostAsync("/v1/chat/completions", TestApp.Chat());

        HttpResponseMessage answer = await client.GetAsync("/engine/events?frames=2");
        string[] events = (await answer.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(3, events.Length);
        JsonNode about = JsonNode.Parse(events[0]["event: about\ndata: ".Length..])!, view = JsonNode.Parse(events[2]["data: ".Length..])!;
        Assert.Equal(("tiny", 16), ((string?)about["model"], (int)about["block_size"]!));
        Assert.Equal("ok", (string?)view["status"]);
        Assert.True((int)view["totals"]!["generated_tokens"]! > 0);
        await ErrorTests.AssertErrorAsync(await client.GetAsync("/engine/events?frames=0"), HttpStatusCode.BadRequest, "invalid_value", "frames");
        await ErrorTests.AssertErrorAsync(await client.GetAsync("/engine/events?rate=9"), HttpStatusCode.BadRequest, "unknown_parameter", "rate");
    }

    /// <summary>One who watches for ever must not keep the server from stopping.</summary>
    [Fact]
    public async Task Events_WhileTheServerStops_End()
    {
        await using var app = new TestApp();
        HttpClient client = await app.StartAsync();
        HttpResponseMessage watch = await client.GetAsync("/engine/events", HttpCompletionOption.ResponseHeadersRead);

        await app.Services.GetRequiredService<IHost>().StopAsync();

        Assert.Contains("\"status\":\"draining\"", await watch.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Prefix_OfAnotherApplication_HasThePagesOnlyWhereItMapsThem()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = "ok" });
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapOpenAI("/llm");
            app.MapLlamaPages("/llm");
        });

        HttpResponseMessage bare = await GetAsync(client, "/llm", BrowserAccepts), slashed = await GetAsync(client, "/llm/engine/", BrowserAccepts);
        JsonNode card = await TestApp.ReadJsonAsync(await GetAsync(client, "/llm", "application/json"));

        Assert.Equal((HttpStatusCode.PermanentRedirect, "llm/"), (bare.StatusCode, bare.Headers.Location!.OriginalString));
        Assert.Equal((HttpStatusCode.PermanentRedirect, "../engine"), (slashed.StatusCode, slashed.Headers.Location!.OriginalString));
        Assert.Equal("text/html", (await GetAsync(client, "/llm/", BrowserAccepts)).Content.Headers.ContentType!.MediaType);
        Assert.True((await client.GetAsync("/llm/assets/chat/main.js")).IsSuccessStatusCode);
        Assert.Equal("/llm/v1/chat/completions", (string?)card["links"]!["chat_completions"]);
        Assert.Null(card["links"]!["swagger"]);
        foreach (string path in new[] { "/", "/engine", "/robots.txt", "/assets/icon.svg" })
            Assert.Equal("404, says the application.", await (await client.GetAsync(path)).Content.ReadAsStringAsync());
    }

    [GeneratedRegex("""(?:from '|(?:href|src)="|"src": ")((?:\.|assets|icon)[^'"]*\.\w+)['"]""")]
    private static partial Regex Named { get; }

    private static Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string? accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        return client.SendAsync(request);
    }
}
