using Llama.Server.Tests.Hosting;
using PuppeteerSharp;

namespace Llama.Server.Tests.Pages;

/// <summary>The pictures of the README, of the pages as they are with the bundled model: <c>tests/Pages/run.sh --pictures</c> takes them anew.</summary>
[Collection(Chromium.Collection)]
public sealed class ScreenshotTests(Chromium chromium)
{
    [PictureFact]
    public async Task Pages_AsTheyAre_ArePictured()
    {
        await using var app = new DemoApp { Settings = { ["urls"] = "http://127.0.0.1:0" } };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        await using BrowserPage page = await chromium.OpenAsync(client.BaseAddress!);

        await PictureChatAsync(page);
        await PictureEngineAsync(page);
        await PictureSwaggerAsync(page);
    }

    private static async Task PictureChatAsync(BrowserPage page)
    {
        await SizeAsync(page, 1100, 720);
        await page.GoAsync();
        await page.UntilAsync("!!document.querySelector('#server-state .ok')");
        string[][] conversations = [["What is a harbour?"], ["Hello!"], ["What is a giraffe?", "And a zebra?"]];
        foreach (string[] questions in conversations)
        {
            await page.ClickAsync("New conversation");
            for (int i = 0; i < questions.Length; i++)
            {
                await page.SendAsync(questions[i]);
                await page.UntilAnsweredAsync(2 * (i + 1));
            }
        }
        await SaveAsync(page, "chat");
    }

    private static async Task PictureEngineAsync(BrowserPage page)
    {
        await SizeAsync(page, 1100, 1250);
        await page.SetColorsAsync(isDark: true);
        await page.GoAsync("/engine");
        await page.ClickAsync("Send it work");
        await Task.Delay(TimeSpan.FromSeconds(45)); // for the charts to have something to show
        await page.UntilAsync("document.querySelectorAll('#requests tr').length > 8");
        await SaveAsync(page, "engine");
        await page.ClickAsync("Send it work");
    }

    private static async Task PictureSwaggerAsync(BrowserPage page)
    {
        await SizeAsync(page, 1100, 900);
        await page.SetColorsAsync(isDark: false);
        await SwaggerPageTests.SendStreamAsync(page);
        await SwaggerPageTests.UntilDoneAsync(page);
        await page.ReadAsync<object?>("void document.querySelector('.opblock-post.is-open .opblock-body .execute').scrollIntoView({ block: 'start' })");
        await SaveAsync(page, "swagger");
    }

    private static Task SizeAsync(BrowserPage page, int width, int height) => page.Page.SetViewportAsync(new ViewPortOptions { Width = width, Height = height });

    private static Task SaveAsync(BrowserPage page, string name) => page.Page.ScreenshotAsync(Path.Combine(PictureFactAttribute.Folder!, name + ".png"));

    /// <summary>Runs only when it is told where the pictures go.</summary>
    private sealed class PictureFactAttribute : FactAttribute
    {
        public PictureFactAttribute()
        {
            if (Folder is null || ChromiumFactAttribute.Program is null)
                Skip = "Takes pictures for the README, when tests/Pages/run.sh --pictures asks for them.";
        }

        public static string? Folder { get; } = Environment.GetEnvironmentVariable("LLAMA_PICTURES");
    }
}
