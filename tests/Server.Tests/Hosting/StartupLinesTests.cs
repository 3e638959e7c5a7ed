using Llama.Server.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests.Hosting;

/// <summary>What a start warns of.</summary>
public sealed class StartupLinesTests
{
    private const string Open = "Anyone who reaches this address may call: no key is set (Auth:ApiKeys) and the server listens beyond this machine.";

    [Theory]
    [InlineData("http://0.0.0.0:0", null, true)]
    [InlineData("http://0.0.0.0:0", "sk-secret", false)]
    [InlineData("http://127.0.0.1:0", null, false)]
    public async Task Address_BeyondThisMachine_IsWarnedOfWithoutAKey(string address, string? key, bool isTold)
    {
        string[] told = await StartAsync(app =>
        {
            app.Settings["urls"] = address;
            if (key is not null) app.Settings["Auth:ApiKeys:0"] = key;
        });

        Assert.Equal(isTold, told.Contains(Open));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("log")]
    [InlineData("traces")]
    [InlineData("both")]
    public async Task RecordText_WhereItIsAskedFor_IsWarnedOf(string where)
    {
        string[] told = await StartAsync(app => app.Settings["Server:RecordText"] = where);

        Assert.Equal(where != "none", told.Contains($"What people ask and are answered is recorded: Server:RecordText is {where}."));
    }

    /// <summary>The lines of a start.</summary>
    private static async Task<string[]> StartAsync(Action<TestApp> set)
    {
        LogLines log = new();
        await using TestApp app = new();
        set(app);
        await using WebApplicationFactory<Program> logged = app.WithWebHostBuilder(builder => builder.ConfigureServices(services => services.AddSingleton<ILoggerFactory>(new LoggerFactory([log]))));
        logged.UseKestrel();
        logged.StartServer();
        return log.Of(typeof(StartupLines).FullName!);
    }
}
