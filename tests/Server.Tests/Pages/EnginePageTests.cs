using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Pages;

/// <summary>The engine's page under load and after it.</summary>
[Collection(Chromium.Collection)]
public sealed class EnginePageTests(Chromium chromium)
{
    [ChromiumFact]
    public async Task Load_ComesAndGoes_IsSeen()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep, Settings = { ["Scheduler:MaxSequences"] = "3" } };
        await using BrowserPage page = await OpenAsync(app, out HttpClient client);
        using var leaving = new CancellationTokenSource();
        var chat = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestApp.Chat("\"n\":5,\"max_tokens\":400,\"ignore_eos\":true"), Headers = { { "x-request-id", "giraffe-question" } } };

        Task<HttpResponseMessage> answer = client.SendAsync(chat, leaving.Token);
        await page.UntilAsync("[...document.querySelectorAll('#requests tr')].filter(r => r.innerText.includes('decoding')).length === 3");
        await page.UntilAsync("[...document.querySelectorAll('#requests tr')].filter(r => /waiting|attached/.test(r.innerText)).length === 2");
        await page.UntilAsync("document.getElementById('steps-text').innerText.includes('decode')");
        Assert.StartsWith("giraffe-qu…", await page.TextAsync("#requests tr"));
        await page.Page.FocusAsync("#blocks");
        await page.PressAsync("Home");
        await page.UntilAsync("/^Block 0: held by giraffe-qu… × \\d.*; a shared prefix/.test(document.getElementById('block-text').innerText)");
        await page.PressAsync("End");
        await page.UntilAsync("/^Block [1-9]\\d*: held by giraffe-qu…\\.$/.test(document.getElementById('block-text').innerText)");
        await leaving.CancelAsync();
        await page.UntilAsync("document.getElementById('requests-text').innerText === 'Nobody asks for anything.' && !document.querySelector('#requests tr')");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Contains("0 held", await BlurredMapAsync(page));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Demonstration_StartedAndStopped_KeepsTheEngineBusyMeanwhile()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep };
        await using BrowserPage page = await OpenAsync(app, out _);

        await page.ClickAsync("Send it work");
        await page.UntilAsync("document.querySelectorAll('#requests tr').length > 1");
        await page.ClickAsync("Send it work");
        await page.UntilAsync("!document.querySelector('#requests tr')");
        await page.ClickAsync("Pause");
        await page.UntilAsync("document.getElementById('feed-state').innerText === 'Paused.'");

        Assert.Empty(page.Faults);
    }

    /// <summary>What went wrong stays to be read, although events go on to come.</summary>
    [ChromiumFact]
    public async Task Demonstration_ThatIsRefused_SaysWhy()
    {
        await using var app = new TestApp { Settings = { ["RateLimits:TokensPerMinute"] = "1" } };
        await using BrowserPage page = await OpenAsync(app, out _);

        await page.ClickAsync("Send it work");
        await page.UntilAsync("document.getElementById('work-state').innerText.startsWith('A limit is reached.')");
        await page.ReadAsync<int>("new Promise(done => { let count = 0; new MutationObserver(() => ++count === 3 && done(count)).observe(document.getElementById('figures'), { childList: true }); })");

        Assert.StartsWith("A limit is reached.", await page.TextAsync("#work-state"));
        Assert.Equal("false", await page.ReadAsync<string>("document.getElementById('demonstrate').getAttribute('aria-pressed')"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Key_Wanted_IsAskedFor()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "right" } };
        await using BrowserPage page = await OpenAsync(app, out _);

        await page.UntilAsync("document.activeElement?.id === 'key'");
        await page.Page.Keyboard.TypeAsync("right");
        await page.PressAsync("Enter");
        await page.UntilAsync("document.getElementById('about').innerText.includes('KV cache')");

        Assert.Empty(page.Faults);
    }

    private static async Task<string> BlurredMapAsync(BrowserPage page)
    {
        await page.ReadAsync<object?>("void document.getElementById('blocks').blur()");
        return await page.TextAsync("#block-text");
    }

    private Task<BrowserPage> OpenAsync(TestApp app, out HttpClient client)
    {
        app.UseKestrel();
        client = app.CreateClient();
        client.Timeout = Timeout.InfiniteTimeSpan;
        return OpenAsync(app, client.BaseAddress!);
    }

    private async Task<BrowserPage> OpenAsync(TestApp app, Uri address)
    {
        await app.StartAsync();
        BrowserPage page = await chromium.OpenAsync(address);
        await page.GoAsync("/engine");
        return page;
    }
}
