using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Llama.Server.Web.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Llama.Server.Tests.Hosting;

/// <summary>Connections that keep the server waiting.</summary>
public sealed class ConnectionLimitsTests
{
    private const string Limit = "Kestrel:Limits:RequestHeadersTimeout";

    /// <summary>Whether nothing more of it comes or now and then a byte, first or second of its connection.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Head_ThatNeverEnds_EndsIn408(bool isEncrypted)
    {
        using TempFolder folder = TlsTests.WriteCertificate(out _);
        await using var app = new TestApp { Settings = { [Limit] = "00:00:01" } };
        if (isEncrypted)
            (app.Settings["urls"], app.Settings["Kestrel:Certificates:Default:Path"], app.Settings["Kestrel:Certificates:Default:KeyPath"]) = ("https://127.0.0.1:0", $"{folder.Path}/cert.pem", $"{folder.Path}/key.pem");
        app.UseKestrel();
        Uri address = (await app.StartAsync()).BaseAddress!;
        Assert.Equal(TimeSpan.FromSeconds(1), app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.RequestHeadersTimeout);

        string?[] answers = await Task.WhenAll(from moreBytes in (int[])[0, 10] from isSecond in (bool[])[false, true] select AnswerAsync(moreBytes, isSecond));

        Assert.All(answers, status => Assert.Equal("HTTP/1.1 408 Request Timeout", status));

        async Task<string?> AnswerAsync(int moreBytes, bool isSecond)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(address.Host, address.Port);
            await using Stream stream = isEncrypted ? await EncryptAsync(socket.GetStream()) : socket.GetStream();
            if (isSecond) await AskAsync(stream);
            return await LingerAsync(stream, moreBytes);
        }
    }

    [Theory]
    [InlineData("RequestHeadersTimeout", "soon", "is 'soon' and cannot be used")]
    [InlineData("RequestHeadersTimeout", "-00:00:01", "is '-00:00:01' and cannot be used")]
    [InlineData("RequestHeaderTimeout", "00:00:10", "is none of the limits Http2")]
    [InlineData("Http2:MaxStream", "1", "cannot be used")]
    [InlineData("MinRequestBodyDataRate:BytesPerSecond", "fast", "cannot be used")]
    public void Faults_OfALimitThatIsNone_NameIt(string key, string value, string fault)
    {
        string told = Assert.Single(Faults(($"Kestrel:Limits:{key}", value), ("Kestrel:Limits:MaxConcurrentConnections", "100"), ("Kestrel:Limits:keepalivetimeout", "00:01:00")));

        Assert.StartsWith($"Kestrel:Limits:{key.Split(':')[0]} {fault}", told);
    }

    [Theory]
    [InlineData("KeepAliveTimeout", "x")]
    [InlineData("MaxConcurrentConnections", "0")]
    [InlineData("Http2:MaxStreamsPerConnection", "0")]
    public void Limits_OfWhichOneIsNone_TakeTheOthers(string key, string value)
    {
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([new($"Kestrel:Limits:{key}", value), new("Kestrel:Limits:RequestHeadersTimeout", "00:00:07")]).Build();
        var services = new ServiceCollection().AddSingleton(settings);
        services.AddConnectionLimits();
        using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal(TimeSpan.FromSeconds(7), provider.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.RequestHeadersTimeout);
        Assert.Single(ConnectionLimits.Faults(settings));
    }

    [Fact]
    public void Faults_SectionBesideTheLimits_IsNamed() =>
        Assert.Equal("Kestrel:Limitz is not a setting; that section has Certificates, EndpointDefaults, Endpoints, Limits.", Assert.Single(Faults(("Kestrel:Limitz:X", "1"), ("kestrel:endpoints:Http:Url", "http://localhost:1"))));

    private static string[] Faults(params (string Key, string Value)[] settings) =>
        [.. ConnectionLimits.Faults(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build())];

    private static async Task<Stream> EncryptAsync(NetworkStream stream)
    {
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await encrypted.AuthenticateAsClientAsync("localhost");
        return encrypted;
    }

    /// <summary>A whole request; its answer is a head alone.</summary>
    private static async Task AskAsync(Stream stream)
    {
        await stream.WriteAsync("HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        byte[] answer = new byte[4096];
        int length = 0;
        while (!answer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
            length += await stream.ReadAsync(answer.AsMemory(length)) is > 0 and var count ? count : throw new EndOfStreamException();
    }

    /// <summary>The beginning of a request, then some bytes and nothing more; the first line of the answer.</summary>
    private static async Task<string?> LingerAsync(Stream stream, int moreBytes)
    {
        Task<string?> status = new StreamReader(stream, Encoding.ASCII).ReadLineAsync();
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: "u8.ToArray());
        for (int i = 0; i < moreBytes && !status.IsCompleted; i++)
        {
            await stream.WriteAsync("x"u8.ToArray());
            await Task.WhenAny(status, Task.Delay(50));
        }
        return await status;
    }
}
