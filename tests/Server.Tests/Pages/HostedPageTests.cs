using System.Net;
using Llama.Server.Tests.Hosting;
using Microsoft.AspNetCore.Hosting;

namespace Llama.Server.Tests.Pages;

/// <summary>The pages inside another application, under a prefix of its choice.</summary>
[Collection(Chromium.Collection)]
public sealed class HostedPageTests(Chromium chromium)
{
    [ChromiumFact]
    public async Task Pages_UnderAPrefix_WorkAsAtTheRoot()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = "A giraffe is a tall animal." });
        foreign.Builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        HttpClient client = await foreign.StartReadyAsync(app =>
        {
            app.MapOpenAI("/deep/llm");
            app.MapLlamaPages("/deep/llm");
        });
        await using BrowserPage page = await chromium.OpenAsync(client.BaseAddress!);

        await page.GoAsync("/deep/llm");
        await page.AskAsync("What is a giraffe?");
        Assert.Equal("A giraffe is a tall animal.", await page.TextAsync(".message.assistant .body"));
        Assert.True(await page.ReadAsync<bool>("document.getElementById('to-swagger').hidden"));
        await page.GoAsync("/deep/llm/engine/");
        await page.UntilAsync("document.getElementById('about').innerText.includes('KV cache')");

        Assert.Equal("/deep/llm/engine", await page.ReadAsync<string>("location.pathname"));
        Assert.Empty(page.Faults);
    }
}
