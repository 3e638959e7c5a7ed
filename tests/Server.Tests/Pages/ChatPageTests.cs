using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Pages;

/// <summary>The chat page as people use it.</summary>
[Collection(Chromium.Collection)]
public sealed class ChatPageTests(Chromium chromium)
{
    private const string Reply = "A giraffe is a tall animal.";

    [ChromiumFact]
    public async Task Message_SentByKeyboard_IsAnsweredAndStillThereAfterReload()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);

        await page.AskAsync("What is a giraffe?");
        string stats = await page.TextAsync(".message.assistant .stats");
        await page.Page.ReloadAsync();
        await page.UntilAnsweredAsync(2);
        await page.UntilAsync("document.querySelector('.message.assistant h2').innerText === document.getElementById('server-state').innerText.split(',')[0]");
        await page.AskAsync("And again?");

        Assert.Matches(@"^\d+ tokens · first after \d+\.\d\d s · [\d,]+\.\d tokens/s · \d+ of \d+ prompt tokens cached$", stats);
        Assert.Equal(["What is a giraffe?", Reply, "And again?", Reply], await TextsAsync(page));
        Assert.Equal("What is a giraffe?", await page.TextAsync("#conversations .open[aria-current]"));
        Assert.Contains("of 512 tokens", await page.TextAsync("#context-use"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Answer_StoppedInMidStream_KeepsWhatCameAndFreesItsBlocks()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep };
        await using BrowserPage page = await chromium.OpenAsync(app);

        await page.SendAsync("Go on for ever");
        await page.UntilAsync("document.querySelector('.message.assistant .body').innerText.length > 20");
        await page.PressAsync("Escape");
        await page.UntilAnsweredAsync(2);
        await Wait.Until(() => app.Engine.Snapshot is { RunningCount: 0, UsedBlockCount: 0 });

        Assert.Equal("stopped", await page.TextAsync(".message.assistant .stats"));
        Assert.True((await TextsAsync(page))[1].Length > 20);
        Assert.Equal("prompt", await page.ReadAsync<string>("document.activeElement.id"));
        slow.IsSlow = false;
        await page.ClickAsync("Continue");
        await page.UntilAnsweredAsync(2);
        Assert.Contains("ended at the token limit", await page.TextAsync(".message.assistant .stats"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Message_RegeneratedOrEdited_TakesThePlaceOfWhatFollowed()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.AskAsync("One");
        await page.AskAsync("Two");

        await page.ClickAsync("Regenerate", ".message.assistant");
        await page.UntilAnsweredAsync(2);
        Assert.Equal(["One", Reply], await TextsAsync(page));

        await page.ClickAsync("Edit", ".message.user");
        await page.Page.Keyboard.TypeAsync(" more");
        await page.ClickAsync("Send anew");
        await page.UntilAsync("document.querySelector('.message.user .body')?.innerText.includes('more')");
        await page.UntilAnsweredAsync(2);
        Assert.Contains((await TextsAsync(page))[0], (string[])["One more", " moreOne"]); // where the browser puts the cursor
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Conversations_MadeDeletedAndUndone_AreListed()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.AskAsync("First");
        await page.ClickAsync("New conversation");
        await page.AskAsync("Second");

        Assert.Equal(["Second", "First"], await TitlesAsync(page));
        await page.ClickAsync("First");
        await page.UntilAsync("document.querySelector('.message.user .body').innerText === 'First'");
        await page.ClickAsync("✕", "#conversations li:last-child");
        await page.UntilAsync("document.querySelectorAll('#conversations li').length === 1");
        Assert.False(await page.ReadAsync<bool>("document.getElementById('welcome').hidden"));
        await page.ClickAsync("Undo");
        await page.UntilAsync("document.querySelectorAll('#conversations li').length === 2");
        Assert.Equal(["Second", "First"], await TitlesAsync(page));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Settings_Kept_GoWithTheRequest()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);
        string? body = null;
        page.Page.Request += (_, request) => body = request.Request.PostData as string ?? body;

        await page.ClickAsync("Settings");
        await page.Page.TypeAsync("#set-system", "Be brief.");
        await page.Page.TypeAsync("#set-temperature", "0.5");
        await page.Page.TypeAsync("#set-max_tokens", "3");
        await page.ClickAsync("Save");
        await page.UntilAsync("!document.querySelector('dialog')");
        await page.Page.FocusAsync("#prompt");
        await page.AskAsync("Hello");

        Assert.Contains("\"max_tokens\":3", body);
        Assert.Contains("\"temperature\":0.5", body);
        Assert.Contains("{\"role\":\"system\",\"content\":\"Be brief.\"}", body);
        Assert.Contains("ended at the token limit", await page.TextAsync(".message.assistant .stats"));
        Assert.Empty(page.Faults);
    }

    private static Task<string[]> TextsAsync(BrowserPage page) => page.ReadAsync<string[]>("[...document.querySelectorAll('.message .body')].map(b => b.innerText)");

    private static Task<string[]> TitlesAsync(BrowserPage page) => page.ReadAsync<string[]>("[...document.querySelectorAll('#conversations .open')].map(b => b.innerText)");
}
