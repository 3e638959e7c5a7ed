using System.Reflection;
using System.Text.Json;
using Deque.AxeCore.Commons;
using PuppeteerSharp;

namespace Llama.Server.Tests.Pages;

/// <summary>A page of the server in a browser, and what it did that no page should do.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private const string IsReadyToType = "document.activeElement?.id === 'prompt'";

    private readonly IBrowserContext _context;
    private readonly Uri _address;
    private readonly List<string> _faults = [];

    public BrowserPage(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page, _address) = (context, page, address);
        page.PageError += (_, error) => Note($"script error: {error.Message}");
        page.Console += (_, line) => NoteConsole(line.Message);
        page.Request += (_, request) => NoteRequest(request.Request.Url);
    }

    public IPage Page { get; }

    /// <summary>Errors of scripts, breaches of the content policy, and requests to elsewhere.</summary>
    public string[] Faults
    {
        get { lock (_faults) return [.. _faults]; }
    }

    public Task GoAsync(string path = "/") => Page.GoToAsync(new Uri(_address, path).AbsoluteUri);

    /// <summary>Waits until an expression of the page is true.</summary>
    public Task UntilAsync(string expression) => Page.WaitForFunctionAsync($"() => {expression}", new WaitForFunctionOptions { PollingInterval = 20, Timeout = Chromium.PatienceMilliseconds });

    public Task<T> ReadAsync<T>(string expression) => Page.EvaluateExpressionAsync<T>(expression);

    public Task<string> TextAsync(string selector) => ReadAsync<string>($"document.querySelector({JsonSerializer.Serialize(selector)})?.innerText ?? ''");

    public Task PressAsync(string key) => Page.Keyboard.PressAsync(key);

    /// <summary>Types a message where the focus is, which is the message field on a page just opened, and sends it.</summary>
    public async Task SendAsync(string text)
    {
        await UntilAsync(IsReadyToType);
        await Page.Keyboard.TypeAsync(text);
        await PressAsync("Enter");
    }

    /// <summary>Sends a message and waits for the answer.</summary>
    public async Task AskAsync(string text)
    {
        await UntilAsync(IsReadyToType);
        int count = await ReadAsync<int>("document.querySelectorAll('.message').length");
        await SendAsync(text);
        await UntilAnsweredAsync(count + 2);
    }

    /// <summary>Waits until there are so many messages and none is being written.</summary>
    public Task UntilAnsweredAsync(int messageCount) =>
        UntilAsync($"document.querySelectorAll('.message').length === {messageCount} && !document.querySelector('.message[aria-busy=true]')");

    /// <summary>Presses a button by what it says.</summary>
    public async Task ClickAsync(string label, string within = "body")
    {
        string button = $"[...document.querySelector({JsonSerializer.Serialize(within)})?.querySelectorAll('button') ?? []].find(b => b.checkVisibility() && b.textContent === {JsonSerializer.Serialize(label)})";
        await UntilAsync($"!!{button}");
        await ReadAsync<JsonElement?>($"void {button}.click()");
    }

    public Task SetColorsAsync(bool isDark) =>
        Page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = isDark ? "dark" : "light" }]);

    /// <summary>What axe-core finds wrong with the page as it is, a line each.</summary>
    public async Task<string[]> CheckAccessibilityAsync()
    {
        await Page.EvaluateExpressionAsync(AxeScript);
        return await ReadAsync<string[]>("axe.run({ resultTypes: ['violations'] }).then(r => r.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target} ${n.failureSummary}`)))");
    }

    public async ValueTask DisposeAsync() => await _context.CloseAsync();

    private static string AxeScript { get; } = ReadAxe();

    private static string ReadAxe()
    {
        Assembly home = typeof(AxeResult).Assembly;
        using var reader = new StreamReader(home.GetManifestResourceStream(home.GetManifestResourceNames().Single(name => name.EndsWith("axe.min.js", StringComparison.Ordinal)))!);
        return reader.ReadToEnd();
    }

    private void NoteConsole(ConsoleMessage message)
    {
        // That a request was refused is told there too; such refusals are what some tests are about.
        if (message.Type == ConsoleType.Error && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            Note(message.Text);
    }

    private void NoteRequest(string url)
    {
        if (!url.StartsWith("data:", StringComparison.Ordinal) && !url.StartsWith(_address.AbsoluteUri, StringComparison.Ordinal) && !url.StartsWith($"blob:{_address.AbsoluteUri}", StringComparison.Ordinal))
            Note($"request to {url}");
    }

    private void Note(string fault)
    {
        lock (_faults) _faults.Add(fault);
    }
}
