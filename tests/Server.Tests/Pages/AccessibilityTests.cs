using Llama.Server.Tests.Hosting;
using PuppeteerSharp;

namespace Llama.Server.Tests.Pages;

/// <summary>The pages for everybody: axe-core finds nothing wrong in light and dark, on a screen and on a phone, whatever is open; nothing is too wide for a phone.</summary>
[Collection(Chromium.Collection)]
public sealed class AccessibilityTests(Chromium chromium)
{
    private const string Rich = """
        # Title

        A paragraph with `code`, **strong** and [a link](https://example.org), and a_word_that_is_so_long_that_it_has_to_be_broken_somewhere_because_no_phone_has_room_for_it.

        - one
        - two

        > quoted

        | first column | second column | third column | fourth column |
        |---|---|---|---|
        | considerable | considerable | considerable | considerable |

        ```python
        print("a line of code that is by far too long for the screen of a phone, so that it has to be scrolled")
        ```
        """;

    // A word that is broken stands in two boxes.
    private const string WordsAreWhole = "[...document.querySelectorAll('.markdown td')].every(cell => (range => (range.selectNodeContents(cell), range.getClientRects().length === 1))(document.createRange()))";
    private const string ButtonsShareALine = "(row => !row || row.clientHeight < 2 * row.querySelector('button').offsetHeight)(document.querySelector('.composer-row'))";

    [ChromiumFact]
    public async Task Chat_InAnyState_HasNoFault()
    {
        await using var app = new TestApp { Reply = Rich, ContextLength = 2048 };
        await using BrowserPage page = await OpenAsync(app);
        await page.GoAsync();
        await page.UntilAsync("!!document.querySelector('#server-state .ok') && !!document.querySelector('#examples button')");

        await CheckAsync(page, "empty");
        await page.AskAsync("Show me everything");
        await CheckAsync(page, "answered");
        await page.ClickAsync("Edit");
        await CheckAsync(page, "being edited");
        await page.ClickAsync("Settings");
        await CheckAsync(page, "settings");
    }

    [ChromiumFact]
    public async Task Chat_WithFaultKeyAndList_HasNoFault()
    {
        await using var app = new TestApp { Reply = Rich, Settings = { ["Auth:ApiKeys:0"] = "right" } };
        await using BrowserPage page = await OpenAsync(app);
        await page.Page.SetViewportAsync(new ViewPortOptions { Width = 360, Height = 700 });
        await page.GoAsync();

        await page.SendAsync("Hello");
        await page.UntilAsync("document.activeElement?.id === 'key'");
        await CheckAsync(page, "key");
        await page.ClickAsync("Cancel", "dialog");
        await page.UntilAnsweredAsync(2);
        await CheckAsync(page, "fault");
        await page.ClickAsync("Conversations");
        await page.UntilAsync("document.querySelector('#list').checkVisibility()");
        await CheckAsync(page, "list");
    }

    [ChromiumFact]
    public async Task Engine_UnderLoad_HasNoFault()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var app = new TestApp { OnStep = slow.OnStep };
        await using BrowserPage page = await OpenAsync(app);
        await page.GoAsync("/engine");

        await page.ClickAsync("Send it work");
        await page.UntilAsync("document.querySelectorAll('#requests tr').length > 1");
        await CheckAsync(page, "engine");
        await page.ClickAsync("Send it work");
    }

    private static async Task CheckAsync(BrowserPage page, string state)
    {
        foreach (bool isDark in (bool[])[false, true])
        {
            await page.SetColorsAsync(isDark);
            foreach (int width in (int[])[1200, 360, 320])
            {
                await page.Page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 700 });
                Assert.True(await page.ReadAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{state} is too wide for {width} px");
                Assert.True(await page.ReadAsync<bool>(WordsAreWhole), $"{state} breaks words of a table at {width} px");
                Assert.True(await page.ReadAsync<bool>(ButtonsShareALine), $"{state} breaks the line under the message field at {width} px");
                string[] faults = await page.CheckAccessibilityAsync();
                Assert.True(faults.Length == 0, $"{state}, {(isDark ? "dark" : "light")}, {width} px: {string.Join('\n', faults)}");
            }
        }
    }

    private async Task<BrowserPage> OpenAsync(TestApp app)
    {
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        BrowserPage page = await chromium.OpenAsync(client.BaseAddress!);
        await page.Page.SetBypassCSPAsync(true); // axe-core comes from outside
        return page;
    }
}
