using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Pages;

/// <summary>Swagger UI as people use it: examples can be pressed, and a stream is seen while it comes.</summary>
[Collection(Chromium.Collection)]
public sealed class SwaggerPageTests(Chromium chromium)
{
    private const string Chat = "[id^=operations-Chat].opblock-post", Examples = ".opblock-post.is-open .examples-select select";

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
