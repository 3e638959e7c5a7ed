using Llama.Server.Hosting;
using Llama.Server.Web.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests.Hosting;

[Collection(nameof(Alone))]
public sealed class ServerRunTests
{
    private static readonly Run EndedAsAsked = new(0, "");

    [Theory]
    [InlineData("rubbish")]
    [InlineData("ftp://localhost:0")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("http://127.0.0.1:0;localhost")]
    [InlineData("http://192.0.2.1:18080")] // for documentation alone: nobody's
    public async Task RunToExitCode_AddressThatNothingCanListenOn_EndsWith1AndThrowsNothing(string address)
    {
        await using WebApplication app = Builder(address).Build();
        app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication);

        Run run = await RunAsync(app);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(address.Split(';')[^1], run.Errors, StringComparison.Ordinal);
    }

    /// <summary>What is no address the web server takes for all of the machine's.</summary>
    [Theory]
    [InlineData("http://[::1:8080", true)]
    [InlineData("http://::1]:8080", true)]
    [InlineData("http://[::1]:8080", false)]
    [InlineData("http://[::]:8080", false)]
    public void Fault_BracketsThatDoNotMatch_IsOne(string address, bool isFault) => Assert.Equal(isFault, ListenAddress.Fault(address) is not null);

    [Theory]
    [InlineData(" http://127.0.0.1:0")]
    [InlineData("http://127.0.0.1:0; http://127.0.0.1:0 ;")]
    public async Task RunToExitCode_AddressesWithSpacesAroundThem_Listens(string addresses)
    {
        await using WebApplication app = Builder(addresses).Build();
        int count = 0;
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            count = app.Urls.Count;
            app.Lifetime.StopApplication();
        });

        Assert.Equal(EndedAsAsked, await RunAsync(app));
        Assert.Equal(addresses.Split("http:").Length - 1, count);
    }

    [Fact]
    public void Describe_WhatIsNoAddress_IsNotToldToBeFreed()
    {
        string[] addresses = ["http://unix:/run/llama.sock"];

        Assert.Equal(
            "No localhost. Permission denied. Choose another address with --urls.",
            HostRun.Describe(new IOException("No localhost.", new AggregateException(new IOException("Permission denied"), new IOException("Permission denied"))), addresses));
        Assert.Equal("This program cannot start: Too many open files.", HostRun.Describe(new FileNotFoundException("Too many open files."), addresses));
        Assert.StartsWith("Taken. Free it, or choose another with --urls. A socket", HostRun.Describe(new IOException("Taken.", new AddressInUseException("")), addresses), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunToExitCode_StoppedWhileItStarts_EndsWith0AndThrowsNothing()
    {
        WebApplicationBuilder builder = Builder("http://127.0.0.1:0");
        builder.Services.AddHostedService<StopAtOnce>();
        await using WebApplication app = builder.Build();

        Assert.Equal(EndedAsAsked, await RunAsync(app));
    }

    [Fact]
    public async Task RunToExitCode_ModelThatCannotBeLoaded_SaysWhyInTheLastLine() =>
        Assert.Equal($"The model in {TestModel.Folder} cannot be served: torn", await LastLineAsync(new TestModel { OnLoad = () => throw new InvalidDataException("torn") }));

    [Fact]
    public async Task RunToExitCode_ModelThatCannotStep_SaysWhyInTheLastLine() =>
        Assert.Equal(
            $"The model in {TestModel.Folder} cannot be served: The model was loaded, but its first step failed: A logit is NaN.",
            await LastLineAsync(new TestModel { OnStep = _ => throw new InvalidOperationException("A logit is NaN.") }));

    private static async Task<string> LastLineAsync(TestModel model)
    {
        var log = new LogLines();
        WebApplicationBuilder builder = Builder("http://127.0.0.1:0", model);
        builder.Logging.AddProvider(log).AddFilter<LogLines>("Llama", LogLevel.Information);
        await using WebApplication app = builder.Build();

        Assert.Equal(1, await app.RunToExitCodeAsync());
        Assert.Contains(log.All, line => line.StartsWith("Loading ", StringComparison.Ordinal));
        return log.All[^1];
    }

    private static async Task<Run> RunAsync(WebApplication app)
    {
        TextWriter error = Console.Error;
        using var errors = new StringWriter();
        using var log = new LogLines();
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        Console.SetError(errors);
        try
        {
            int exitCode = await app.RunToExitCodeAsync();
            return new Run(exitCode, string.Join('\n', [.. log.All, errors.ToString()]));
        }
        finally
        {
            Console.SetError(error);
        }
    }

    private static WebApplicationBuilder Builder(string address, TestModel? model = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder([$"--urls={address}", $"--Model:Path={TestModel.Folder}", "--Model:Device=cpu", "--Logging:LogLevel:Default=None"]);
        builder.AddLlama(llama => (llama.ConfigurationSection, llama.StopHostOnFailure) = ("", true));
        builder.AddStandAlone();
        builder.Services.Replace(ServiceDescriptor.Singleton<LoadModel>((model ?? new TestModel()).Load));
        builder.Logging.AddFilter<LogLines>("Llama", LogLevel.Error);
        return builder;
    }

    /// <param name="ExitCode">As the program's.</param>
    /// <param name="Errors">What it said to be wrong, in its log and beside it.</param>
    private sealed record Run(int ExitCode, string Errors);

    private sealed class StopAtOnce(IHostApplicationLifetime lifetime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellation)
        {
            lifetime.StopApplication();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
    }
}
