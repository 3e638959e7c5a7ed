using Llama.Tests.Shared;

namespace Llama.Server.Tests.Pages;

/// <summary>A test that drives the pages in a real browser; skipped where there is none. <c>tests/Pages/run.sh</c> installs one and runs them.</summary>
public sealed class ChromiumFactAttribute : FactAttribute
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    public ChromiumFactAttribute()
    {
        if (Program is null)
            Skip = "There is no Chromium here; tests/Pages/run.sh installs it.";
    }

    /// <summary>The browser; null for none.</summary>
    public static string? Program { get; } = Names.Select(name => OtherProgram.Find(name)).FirstOrDefault(file => file is not null);
}
