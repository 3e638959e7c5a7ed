using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using PuppeteerSharp;

namespace Llama.Server.Tests.Pages;

/// <summary>What somebody has written or is reading on the chat page stays there.</summary>
[Collection(Chromium.Collection)]
public sealed class ChatKeepingTests(Chromium chromium)
{
    private const string Reply = "A giraffe is a tall animal.";
    private const string NoStorage = "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('not here', 'SecurityError'); } })";

    [ChromiumFact]
    public async Task Answer_ThatEndsWhileAMessageIsEdited_LeavesTheEditAndTheFocus()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { Reply = Reply, OnStep = slow.OnStep };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.AskAsync("One");
        slow.HoldAt = app.Engine.Snapshot.StepCount + 3;
        await page.SendAsync("Two");
        await Wait.Until(() => slow.IsHolding);
        await page.ClickAsync("Edit", ".message.user");
        await page.Page.Keyboard.TypeAsync(" more");
        slow.Release();
        await page.UntilAnsweredAsync(4);

        Assert.Contains("more", await page.ReadAsync<string>("document.querySelector('.message.user textarea')?.value ?? ''"));
        Assert.Equal("TEXTAREA", await page.ReadAsync<string>("document.activeElement.closest('.message')?.querySelector(':focus').tagName ?? ''"));
        Assert.Equal(Reply, await page.TextAsync(".message:last-child .body"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Reader_WhoScrolledUp_IsLeftThereWhenTheAnswerEnds()
    {
        using var slow = new SlowModel();
        await using var app = new TestApp { Reply = string.Join("\n\n", Enumerable.Range(1, 40)), OnStep = slow.OnStep };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.AskAsync("Count");
        slow.HoldAt = app.Engine.Snapshot.StepCount + 5;
        await page.SendAsync("Again");
        await Wait.Until(() => slow.IsHolding);
        await page.ReadAsync<int>("document.getElementById('thread').scrollTop = 7");
        slow.Release();
        await page.UntilAnsweredAsync(4);

        Assert.Equal(7, await page.ReadAsync<int>("document.getElementById('thread').scrollTop"));
    }

    [ChromiumFact]
    public async Task Browser_WithoutStorage_ChatsAllTheSame()
    {
        await using var app = new TestApp { Reply = Reply, Settings = { ["Auth:ApiKeys:0"] = "right" } };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        await using BrowserPage page = await chromium.OpenAsync(client.BaseAddress!);
        await page.Page.EvaluateExpressionOnNewDocumentAsync(NoStorage);
        await page.GoAsync();
        await page.SendAsync("Hello");
        await page.UntilAsync("document.activeElement?.id === 'key'");
        await page.Page.Keyboard.TypeAsync("right");
        await page.PressAsync("Enter");
        await page.UntilAnsweredAsync(2);
        await page.AskAsync("Again");

        Assert.Contains("Export it", await page.TextAsync("#notice"));
        await page.ClickAsync("New conversation");
        await page.ClickAsync("✕", "#conversations");
        await page.UntilAsync("document.querySelectorAll('#conversations li').length === 0");
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Conversation_OpenInTwoTabs_LosesNothingThatEitherSays()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.AskAsync("One");
        IPage other = await page.Page.BrowserContext.NewPageAsync();
        await other.GoToAsync(page.Page.Url);
        await page.Page.BringToFrontAsync();
        await page.AskAsync("Two");
        await other.BringToFrontAsync();
        await other.WaitForFunctionAsync("() => document.querySelectorAll('.message').length === 4");
        await other.FocusAsync("#prompt");
        await other.Keyboard.TypeAsync("Three");
        await other.Keyboard.PressAsync("Enter");

        await page.UntilAnsweredAsync(6);
        Assert.Equal(["One", "Two", "Three"], await page.ReadAsync<string[]>("[...document.querySelectorAll('.message.user .body')].map(body => body.innerText)"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Import_OfAnOlderState_StandsBesideWhatIsHere()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.AskAsync("One");
        const string store = "(await import(new URL('assets/chat/store.js', location).href)).Store";
        await page.ReadAsync<object?>($"(async () => {{ window.store = new {store}(); window.exported = JSON.stringify(window.store.list()); }})()");
        Assert.Equal(1, await page.ReadAsync<int>("window.store.import(window.exported), window.store.list().length")); // what is the same is there already
        await page.AskAsync("Two");

        Assert.Equal("2,4", await page.ReadAsync<string>("window.store.import(window.exported), window.store.list().map(one => one.messages.length).sort().join()"));
    }

    [ChromiumFact]
    public async Task Conversation_OfTwoHundredMessages_OpensAndGoesOn()
    {
        await using var app = new TestApp { Reply = Reply, ContextLength = 8192 };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.ReadAsync<object?>("""
            localStorage.setItem('llama-chat:/:long', JSON.stringify({ id: 'long', title: 'Long', updated: Date.now(), system: '', parameters: {},
                messages: Array.from({ length: 200 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: `Message **${i}**` })) })), null
            """);
        await page.Page.ReloadAsync();
        await page.UntilAnsweredAsync(200);
        await page.AskAsync("Go on");

        Assert.Equal(Reply, await page.TextAsync(".message:last-child .body"));
        Assert.True(await page.ReadAsync<bool>("(thread => thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60)(document.getElementById('thread'))"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Text_FromRightToLeft_RunsThatWay()
    {
        await using var app = new TestApp { Reply = "الزرافة حيوان طويل\n\n- واحد\n- اثنان\n\n> اقتباس\n\n- واحد\n\n  ```\n  code\n  ```\n\n| الطول |\n|---|\n| 5 |\n\nAnd English." };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await page.AskAsync("ما هي الزرافة؟");

        Assert.Equal(
            ["rtl", "rtl", "rtl", "rtl", "rtl", "ltr", "rtl", "ltr"],
            await page.ReadAsync<string[]>("['.message.user .body', '.markdown p', '.markdown > ul', '.markdown blockquote', '.markdown ul:has(pre)', '.markdown pre', '.markdown .table', '.markdown > p:last-child'].map(place => getComputedStyle(document.querySelector(place)).direction)"));
    }
}
