using Llama.Server.Tests.Hosting;
using PuppeteerSharp;

namespace Llama.Server.Tests.Pages;

/// <summary>One browser for all tests of the pages, started at the first.</summary>
public sealed class Chromium : IAsyncLifetime
{
    public const string Collection = "Chromium";

    /// <summary>Ends a test that hangs; none passes by being fast.</summary>
    public const int PatienceMilliseconds = 300_000;

    private IBrowser? _browser;

    private IBrowser Browser => _browser ?? throw new InvalidOperationException("There is no Chromium here.");

    public async Task InitializeAsync()
    {
        if (ChromiumFactAttribute.Program is not { } program)
            return;
        _browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = program,
            // As root, as in containers, there is no sandbox; the rest keeps the browser from talking to its makers.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
            Env = { ["LC_ALL"] = "C.UTF-8" }, // it finds its own profile again, also below a folder of temporary files whose name is not ASCII
            Timeout = PatienceMilliseconds,
            ProtocolTimeout = PatienceMilliseconds,
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
    }

    /// <summary>The chat page of a server, which is started on a socket.</summary>
    internal async Task<BrowserPage> OpenAsync(TestApp app)
    {
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        BrowserPage page = await OpenAsync(client.BaseAddress!);
        await page.GoAsync();
        return page;
    }

    /// <summary>A page with storage of its own.</summary>
    /// <param name="address">The server's.</param>
    internal async Task<BrowserPage> OpenAsync(Uri address)
    {
        IBrowserContext context = await Browser.CreateBrowserContextAsync();
        IPage page = await context.NewPageAsync();
        page.DefaultTimeout = page.DefaultNavigationTimeout = PatienceMilliseconds;
        return new BrowserPage(context, page, address);
    }
}

[CollectionDefinition(Chromium.Collection)]
public sealed class ChromiumCollection : ICollectionFixture<Chromium>;
