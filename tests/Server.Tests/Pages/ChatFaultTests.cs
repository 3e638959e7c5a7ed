using System.Net;
using Llama.Server.Tests.Hosting;
using PuppeteerSharp;

namespace Llama.Server.Tests.Pages;

/// <summary>What the chat page says and offers when something goes wrong.</summary>
[Collection(Chromium.Collection)]
public sealed class ChatFaultTests(Chromium chromium)
{
    private const string Reply = "A giraffe is a tall animal.";
    private const string Half = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Half an\"},\"finish_reason\":null}]}\n\n";

    [ChromiumFact]
    public async Task Key_Wanted_IsAskedForUntilItIsRightAndForgottenWithTheTab()
    {
        await using var app = new TestApp { Reply = Reply, Settings = { ["Auth:ApiKeys:0"] = "right" } };
        await using BrowserPage page = await chromium.OpenAsync(app);

        await page.SendAsync("Hello");
        await EnterKeyAsync(page, "wrong");
        await page.UntilAsync("document.querySelector('dialog')?.innerText.includes('Incorrect API key')");
        await page.ReadAsync<object?>("document.getElementById('key').select()");
        await EnterKeyAsync(page, "right");
        await page.UntilAnsweredAsync(2);

        Assert.Equal(Reply, await page.TextAsync(".message.assistant .body"));
        Assert.Equal("right", await page.ReadAsync<string>("sessionStorage.getItem('llama-api-key')"));
        Assert.DoesNotContain("right", await page.ReadAsync<string>("JSON.stringify(localStorage)"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Key_Refused_LeavesTheMessageToBeTriedAgain()
    {
        await using var app = new TestApp { Reply = Reply, Settings = { ["Auth:ApiKeys:0"] = "right" } };
        await using BrowserPage page = await chromium.OpenAsync(app);

        await page.SendAsync("Hello");
        await page.ClickAsync("Cancel", "dialog");
        await page.UntilAnsweredAsync(2);

        Assert.StartsWith("The server wants an API key.", await page.TextAsync(".message.assistant .fault"));
        await page.ClickAsync("Try again");
        await page.UntilAsync("!!document.querySelector('dialog')");
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Queue_Full_IsSaidWithTheTimeToWaitAndCanBeTriedAgain()
    {
        await using var server = new FullServer { IsOnSocket = true };
        HttpClient client = await server.StartAsync();
        await using BrowserPage page = await chromium.OpenAsync(client.BaseAddress!);
        await page.GoAsync();

        await page.AskAsync("Hello");
        Assert.Matches(@"^The server is busy\. The queue is full .* Try again in \d+ s\.$", await page.TextAsync(".message.assistant .fault"));
        await server.ReleaseAsync();
        await page.ClickAsync("Try again");
        await page.UntilAsync($"document.querySelector('.message.assistant .body').innerText === '{FullServer.Reply}'");

        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Model_StillLoading_IsSaidAndItsReadinessIsSeen()
    {
        using var loaded = new ManualResetEventSlim();
        await using var app = new TestApp { Reply = Reply, OnLoad = loaded.Wait };
        app.UseKestrel();
        await using BrowserPage page = await chromium.OpenAsync(app.CreateClient().BaseAddress!);
        await page.GoAsync();

        await page.UntilAsync("document.getElementById('server-state').innerText.includes('loading')");
        await page.AskAsync("Hello");
        Assert.Matches(@"^The server cannot answer now\. The model is being loaded\. Try again in \d+ s\.$", await page.TextAsync(".message.assistant .fault"));
        loaded.Set();
        await page.UntilAsync("document.getElementById('server-state').innerText.includes('ready')");

        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Conversation_TooLong_IsSaidWithWhatToDo()
    {
        await using var app = new TestApp { Reply = Reply, ContextLength = 64 };
        await using BrowserPage page = await chromium.OpenAsync(app);

        await page.AskAsync(string.Join(' ', Enumerable.Repeat("giraffe", 60)));

        Assert.Matches("^This conversation has become too long for the model.*64 tokens.*Begin a new one", await page.TextAsync(".message.assistant .fault"));
        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Stream_ThatBreaksOff_KeepsWhatCameAndGoesOn()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);
        await AnswerAsync(page, new ResponseData { Status = HttpStatusCode.OK, ContentType = "text/event-stream", Body = Half });

        await page.AskAsync("Hello");
        Assert.Equal("Half an", await page.TextAsync(".message.assistant .body"));
        Assert.StartsWith("The connection was lost in the middle of the answer.", await page.TextAsync(".message.assistant .fault"));
        await page.ClickAsync("Continue");
        await page.UntilAsync($"document.querySelector('.message.assistant .body').innerText.startsWith('Half an') && document.querySelector('.message.assistant .body').innerText.length > 20");

        Assert.Empty(page.Faults);
    }

    [ChromiumFact]
    public async Task Error_InMidStreamOrOfALimit_IsSaid()
    {
        await using var app = new TestApp { Reply = Reply };
        await using BrowserPage page = await chromium.OpenAsync(app);
        const string error = """{"error":{"message":"A step failed.","type":"server_error","param":null,"code":"internal_error"}}""";
        const string limit = """{"error":{"message":"60 requests a minute.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}""";

        await AnswerAsync(
            page,
            new ResponseData { Status = HttpStatusCode.OK, ContentType = "text/event-stream", Body = Half + $"data: {error}\n\n" },
            new ResponseData { Status = HttpStatusCode.TooManyRequests, ContentType = "application/json", Body = limit, Headers = new() { ["Retry-After"] = "7" } });

        await page.AskAsync("Hello");
        Assert.Equal("A step failed.", await page.TextAsync(".message.assistant .fault"));
        await page.ClickAsync("Regenerate");
        await page.UntilAsync("document.querySelector('.message.assistant .fault')?.innerText.includes('limit')");
        Assert.Equal("A limit is reached. 60 requests a minute. Try again in 7 s.", await page.TextAsync(".message.assistant .fault"));
        Assert.Empty(page.Faults);
    }

    private static async Task EnterKeyAsync(BrowserPage page, string key)
    {
        await page.UntilAsync("document.activeElement?.id === 'key'");
        await page.Page.Keyboard.TypeAsync(key);
        await page.PressAsync("Enter");
    }

    /// <summary>Answers the page's first questions in the server's place.</summary>
    private static async Task AnswerAsync(BrowserPage page, params ResponseData[] answers)
    {
        int count = 0;
        await page.Page.SetRequestInterceptionAsync(true);
        page.Page.Request += async (_, request) =>
        {
            bool isQuestion = request.Request.Url.EndsWith("/v1/chat/completions", StringComparison.Ordinal);
            if (isQuestion && count < answers.Length)
                await request.Request.RespondAsync(answers[count++]);
            else
                await request.Request.ContinueAsync();
        };
    }
}
