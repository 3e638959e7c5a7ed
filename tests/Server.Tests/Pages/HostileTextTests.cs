using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Pages;

/// <summary>Whatever a model, a user or a file says is text: it runs nothing and fetches nothing.</summary>
[Collection(Chromium.Collection)]
public sealed class HostileTextTests(Chromium chromium)
{
    private const string Hostile = """
        <img src=x onerror="window.harmed=1"> <script>window.harmed=2</script> <svg/onload=window.harmed=3>

        ![see](https://elsewhere.invalid/pixel.png) [press](javascript:window.harmed=4) [more](JaVaScRiPt:window.harmed=5) <javascript:alert(1)>
        [data](data:text/html,<script>window.harmed=6</script>) [here](/v1/models) [good](https://example.org/a?b=1)

        ```html"><script>window.harmed=7</script>
        <b onclick="window.harmed=8">code</b>
        ```

        | a | <iframe src="https://elsewhere.invalid"></iframe> |
        |---|---|
        | `x` | <object data="https://elsewhere.invalid"> |
        """;

    [ChromiumFact]
    public async Task Answer_FullOfMarkup_DoesNothing()
    {
        await using var app = new TestApp { Reply = Hostile };
        await using BrowserPage page = await chromium.OpenAsync(app);

        await page.AskAsync("<img src=x onerror=window.harmed=9>");

        Assert.Equal(0, await page.ReadAsync<int>("document.querySelectorAll('#messages :is(img, script, svg, iframe, object, [onerror], [onclick], [style])').length"));
        Assert.Equal(
            ["https://elsewhere.invalid/pixel.png", "https://example.org/a?b=1", "https://elsewhere.invalid/", "https://elsewhere.invalid/"],
            await page.ReadAsync<string[]>("[...document.querySelectorAll('#messages a')].map(a => a.href)"));
        Assert.All(await page.ReadAsync<string[]>("[...document.querySelectorAll('#messages a')].map(a => a.rel)"), rel => Assert.Contains("noopener noreferrer", rel));
        string text = await page.TextAsync(".message.assistant .body");
        Assert.All(["<img src=x onerror=", "<script>window.harmed=2</script>", "javascript:window.harmed=4", "<iframe src=", "<b onclick="], part => Assert.Contains(part, text));
        Assert.Equal("<img src=x onerror=window.harmed=9>", await page.TextAsync(".message.user .body"));
        Assert.Equal("undefined", await page.ReadAsync<string>("typeof window.harmed"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Storage_ThatHoldsAnything_OpensThePage()
    {
        await using var app = new TestApp { Reply = "ok" };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.ReadAsync<object?>("localStorage.setItem('llama-chat:/:bad', '{'), localStorage.setItem('llama-chat:/:worse', '{\"messages\":[{\"role\":\"x\"}]}'), null");

        await page.Page.ReloadAsync();
        await page.AskAsync("Hello");

        Assert.Equal("ok", await page.TextAsync(".message.assistant .body"));
        Assert.Empty(page.Faults);
    }

    /// <summary>What takes a careless parser for ever.</summary>
    [ChromiumFact]
    public async Task Markdown_MadeToBeSlow_IsShownSoon()
    {
        await using var app = new TestApp { Reply = "ok" };
        await using BrowserPage page = await chromium.OpenAsync(app);

        double seconds = await page.ReadAsync<double>("""
            (async () => {
                const { showMarkdown } = await import(new URL('assets/chat/markdown.js', location).href), place = document.createElement('div'), start = performance.now();
                for (const piece of ['> ', '**a ', '[', '![[', '`` ', '* _', '|a', '- ', '<http://', '\\', '~~x ', '(', '[a](', '1. > '])
                    showMarkdown(place, piece.repeat(4000));
                return (performance.now() - start) / 1000;
            })()
            """);

        Assert.True(seconds < 60, $"took {seconds} s"); // minutes, were it exponential
        Assert.Empty(page.Faults);
    }
}
