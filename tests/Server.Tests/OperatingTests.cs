using System.Text;
using System.Text.RegularExpressions;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Limits;
using Llama.Server.Telemetry;
using Llama.Server.Tests.Hosting;
using Llama.Server.Web.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Llama.Server.Tests;

/// <summary>The settings that <c>docs/operating.md</c> shows are ones that the server takes.</summary>
public sealed partial class OperatingTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "operating.md"));

    [Fact]
    public void Snippets_OfSettings_HaveNoFault()
    {
        using TempFolder root = new("llama-operating-");
        File.WriteAllText(root.In("keys.json"), Blocks("keys.json").Single());
        string[] snippets = [.. Blocks("appsettings.json")];
        Assert.Equal(7, snippets.Length);
        foreach (string snippet in snippets)
        {
            WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = root.Path });
            builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(snippet))).AddInMemoryCollection([new("Model:Path", TestModel.Folder)]);
            builder.AddSettings(new LlamaOptions { ConfigurationSection = "" });
            using WebApplication app = builder.Build();
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            Assert.Empty(ConnectionLimits.Faults(app.Configuration));
            Assert.All(
                new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(snippet))).Build().GetChildren(),
                section => Assert.Contains(section.Key, new[] { "Server", "Auth", "RateLimits", "Kestrel" }));
        }
    }

    [Fact]
    public void Snippet_OfTheFileOfKeys_HasAKey()
    {
        List<string> faults = [];
        KeyRing ring = ApiKeys.Read(new AuthSettings(), "keys.json", new(Blocks("keys.json").Single(), ""), LimitRules.None, faults);

        Assert.Empty(faults);
        Assert.Equal("guest", Assert.Single(ring.Keys).Name);
    }

    [Fact]
    public void Meters_ThatAnApplicationIsToldToAdd_AreThoseOfTheServer() =>
        Assert.Equal(ServerMeters.All, Name.Matches(Meters.Match(Text).Value).Select(name => name.Value));

    private static IEnumerable<string> Blocks(string file) => Block.Matches(Text).Where(match => match.Groups["file"].Value == file).Select(match => match.Groups["text"].Value);

    [GeneratedRegex("the meters .*? to your own telemetry", RegexOptions.Singleline)]
    private static partial Regex Meters { get; }

    [GeneratedRegex("Llama[.][A-Za-z]+")]
    private static partial Regex Name { get; }

    [GeneratedRegex("<!-- (?<file>[a-z.]+) -->\n```json\n(?<text>.*?)\n```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block { get; }
}
