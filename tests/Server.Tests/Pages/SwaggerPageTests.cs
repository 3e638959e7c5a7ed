using Llama.Server.Tests.Hosting;
using PuppeteerSharp;

namespace Llama.Server.Tests.Pages;

/// <summary>Swagger UI as people use it: examples can be pressed, and a stream is seen while it comes.</summary>
[Collection(Chromium.Collection)]
public sealed class SwaggerPageTests(Chromium chromium)
{
    private const string Chat = "[id^=operations-Chat].opblock-post", Examples = ".opblock-post.is-open .examples-select select";

    private const string OpenAll = "void document.querySelectorAll('.opblock:not(.is-open) .opblock-summary-control, .models-control[aria-expanded=false], .model-box-control[aria-expanded=false]').forEach(button => button.click())";

    // What sticks out and is not in something that scrolls, if the page itself does.
    private const string TooWide = """
        document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().right > innerWidth).map(element =>
            `${element.tagName} ${element.className} ${Math.round(element.getBoundingClientRect().left)}..${Math.round(element.getBoundingClientRect().right)}`)
        """;

    [ChromiumFact]
    public async Task Example_OfAStream_ShowsItsEventsAsTheyCome()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        await using BrowserPage page = await chromium.OpenAsync(client.BaseAddress!);

        await SendStreamAsync(page);
        await page.UntilAsync("document.querySelector('.live-stream')?.innerText.includes('delta')");
        slow.IsSlow = false;
        await UntilDoneAsync(page);

        Assert.Empty(page.Faults);
    }

    /// <summary>With every route and schema open, and an answer shown.</summary>
    [ChromiumFact]
    public async Task Page_OnAPhone_IsNoWiderThanThat()
    {
        await using var app = new TestApp { Reply = "a_word_that_is_so_long_that_it_has_to_be_broken_somewhere_because_no_phone_has_room_for_it" };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        await using BrowserPage page = await chromium.OpenAsync(client.BaseAddress!);
        await page.Page.SetViewportAsync(new ViewPortOptions { Width = 390, Height = 800 });

        await SendStreamAsync(page);
        await UntilDoneAsync(page);
        Assert.Empty(await page.ReadAsync<string[]>(TooWide));
        await page.ReadAsync<object?>(OpenAll);
        await page.UntilAsync("document.querySelectorAll('.opblock').length === document.querySelectorAll('.opblock.is-open .opblock-body').length");
        foreach (int width in (int[])[390, 320])
        {
            await page.Page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 800 });
            Assert.Empty(await page.ReadAsync<string[]>(TooWide));
        }
        Assert.Empty(page.Faults);
    }

    /// <summary>Opens Swagger UI and sends the chat's example of a stream.</summary>
    internal static async Task SendStreamAsync(BrowserPage page)
    {
        await page.GoAsync("/swagger");
        await page.UntilAsync($"!!document.querySelector('{Chat}')");
        await page.ReadAsync<object?>($"void document.querySelector('{Chat} .opblock-summary-control').click()");
        await page.UntilAsync($"!!document.querySelector('{Examples}')");
        await page.Page.SelectAsync(Examples, "stream");
        await page.UntilAsync("document.querySelector('.opblock-post.is-open textarea')?.value.includes('\"stream\": true')");
        await page.ReadAsync<object?>("void document.querySelector('.opblock-post.is-open .execute').click()");
    }

    /// <summary>Waits until the stream has ended and stands where Swagger UI shows answers.</summary>
    internal static Task UntilDoneAsync(BrowserPage page) =>
        page.UntilAsync("!document.querySelector('.live-stream') && document.querySelector('.opblock-post.is-open .live-responses-table')?.innerText.includes('[DONE]')");
}
