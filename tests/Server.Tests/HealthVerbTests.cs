using System.Net;
using System.Net.Sockets;
using Llama.Server.CommandLine;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests;

public sealed class HealthVerbTests
{
    [Theory]
    [InlineData(200, "127.0.0.1", 0)]
    [InlineData(200, "0.0.0.0", 0)]
    [InlineData(200, "*", 0)]
    [InlineData(503, "127.0.0.1", 1)]
    public async Task Health_ServerSays_IsTheExitCode(int status, string host, int exitCode)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using WebApplication server = builder.Build();
        server.MapGet("/health/ready", context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("said");
        });
        await server.StartAsync();
        var output = new StringWriter();

        Assert.Equal(exitCode, await Verbs.RunAsync(["health", $"--urls=http://{host}:{new Uri(server.Urls.First()).Port}"], output, TextWriter.Null));
        Assert.Equal($"{status} said", output.ToString().Trim());
    }

    [Fact]
    public async Task Health_ServerOnASocketOfTheFileSystem_IsAsked()
    {
        using TempFolder folder = new("llama-health-");
        string path = folder.In("server.sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path));
        await using WebApplication server = builder.Build();
        server.MapGet("/health/ready", context => context.Response.WriteAsync("said"));
        await server.StartAsync();

        Assert.Equal(0, await Verbs.RunAsync(["health", $"--urls=http://unix:{path}"], TextWriter.Null, TextWriter.Null));
        await server.StopAsync();
        var output = new StringWriter();
        Assert.Equal(1, await Verbs.RunAsync(["health", $"--urls=http://unix:{path}"], output, TextWriter.Null));
        Assert.StartsWith($"http://unix:{path} does not answer: ", output.ToString());
    }

    [Fact]
    public async Task Health_NobodyListens_SaysWhereItAsked()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); // bound and never listening: its port refuses
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var output = new StringWriter();

        Assert.Equal(1, await Verbs.RunAsync(["health", $"--urls=http://127.0.0.1:{port}"], output, TextWriter.Null));
        Assert.StartsWith($"http://127.0.0.1:{port}/health/ready does not answer: ", output.ToString());
    }
}
