using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Llama.Model.Diagnosis;
using Llama.Server.CommandLine;
using Llama.Server.CommandLine.Doctor;
using Llama.Server.Hosting;
using Llama.Server.Remote;
using Llama.Server.Web.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests.Hosting;

/// <summary>https:// by the settings alone.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task Certificate_OfTheSettings_IsServed()
    {
        using TempFolder folder = WriteCertificate(out string thumbprint);
        var said = new StringWriter();
        await using WebApplication app = Build($"--Kestrel:Certificates:Default:Path={folder.Path}/cert.pem", $"--Kestrel:Certificates:Default:KeyPath={folder.Path}/key.pem");
        app.MapLlamaHealth();
        await app.StartAsync();

        Assert.Equal(thumbprint, await ServedAsync(app.Urls.Single()));
        await Verbs.RunAsync(["health", $"--urls={app.Urls.Single()}"], said, TextWriter.Null); // it is for another name, and nobody vouches for it
        Assert.Matches("^(200|503) ", said.ToString());
        await app.StopAsync();
    }

    [Fact]
    public async Task Certificate_PfxWithItsPassword_IsServed()
    {
        const string password = "open sesame";
        using TempFolder folder = WriteCertificate(out string thumbprint);
        string path = folder.In("tls.pfx");
        using (X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(folder.In("cert.pem"), folder.In("key.pem"))) File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx, password));
        await using WebApplication app = Build($"--Kestrel:Certificates:Default:Path={path}", $"--Kestrel:Certificates:Default:Password={password}");
        app.MapLlamaHealth();
        await app.StartAsync();

        Assert.Equal(thumbprint, await ServedAsync(app.Urls.Single()));
        await app.StopAsync();
    }

    [Fact]
    public async Task Certificate_ThatNobodyVouchesFor_IsWhatAVerbNames()
    {
        using TempFolder folder = WriteCertificate(out _);
        await using WebApplication app = Build($"--Kestrel:Certificates:Default:Path={folder.Path}/cert.pem", $"--Kestrel:Certificates:Default:KeyPath={folder.Path}/key.pem");
        await app.StartAsync();
        using var server = new RemoteServer(new Uri(app.Urls.Single()), apiKey: null);

        VerbException refused = await Assert.ThrowsAsync<VerbException>(() => server.ModelsAsync(CancellationToken.None));

        Assert.Matches(@"cannot be reached: The remote certificate .*[^.]\. Start the server", refused.Message);
        await app.StopAsync();
    }

    /// <summary>Certificates are renewed every few weeks; nobody restarts a server for it.</summary>
    [Theory]
    [InlineData("Kestrel:Certificates:Default", "urls")]
    [InlineData("Kestrel:Endpoints:Web:Certificate", "Kestrel:Endpoints:Web:Url")]
    public async Task Certificate_RenewedInItsFile_IsServedWithoutARestart(string certificate, string address)
    {
        using TempFolder folder = WriteCertificate(out string first), renewed = WriteCertificate(out string second);
        await using WebApplication app = Build($"--{certificate}:Path={folder.Path}/cert.pem", $"--{certificate}:KeyPath={folder.Path}/key.pem", $"--{address}=https://127.0.0.1:0");
        app.MapLlamaHealth();
        var rest = new TaskCompletionSource();
        app.MapGet("/slow", async context =>
        {
            await context.Response.Body.WriteAsync(new byte[] { 1 });
            await context.Response.Body.FlushAsync();
            await rest.Task;
            await context.Response.Body.WriteAsync(new byte[] { 2 });
        });
        await app.StartAsync();
        using HttpClient open = Trusting(_ => { });
        using Stream stream = await open.GetStreamAsync(app.Urls.Single() + "/slow");
        Assert.Equal(1, stream.ReadByte());
        Assert.Equal(first, await ServedAsync(app.Urls.Single()));
        foreach (string file in (string[])["key.pem", "cert.pem"]) // between the two they do not belong together
            File.Copy(renewed.In(file), folder.In(file), overwrite: true);

        await Wait.Until(async () => await ServedAsync(app.Urls.Single()) == second);
        rest.SetResult();
        Assert.Equal((2, -1), (stream.ReadByte(), stream.ReadByte())); // what had begun went on
        await app.StopAsync();
    }

    [Fact]
    public async Task Certificate_RenewedByAWrongOne_ChangesNothingAndAWarningSaysWhy()
    {
        using TempFolder folder = WriteCertificate(out string thumbprint);
        LogLines log = new();
        WebApplicationBuilder builder = Builder($"--Kestrel:Certificates:Default:Path={folder.Path}/cert.pem", $"--Kestrel:Certificates:Default:KeyPath={folder.Path}/key.pem");
        builder.Services.AddSingleton<ILoggerFactory>(new LoggerFactory([log]));
        await using WebApplication app = builder.Build();
        app.MapLlamaHealth();
        await app.StartAsync();
        File.WriteAllText(folder.In("cert.pem"), "no certificate");

        await Wait.Until(() => log.Of(typeof(CertificateWatch).FullName!).Length > 0);

        string why = Assert.Single(Faults(folder.In("cert.pem"), folder.In("key.pem")));
        Assert.Equal($"Certificate not read anew, the one of before stays: {why}", Assert.Single(log.Of(typeof(CertificateWatch).FullName!)));
        Assert.Equal(thumbprint, await ServedAsync(app.Urls.Single()));
        await app.StopAsync();
    }

    [Fact]
    public void Faults_OfFilesThatCannotBeServed_NameSettingAndRemedy()
    {
        using TempFolder folder = WriteCertificate(out _);
        Assert.Empty(Faults($"{folder.Path}/cert.pem", $"{folder.Path}/key.pem"));
        Assert.Contains("Path is '/no/such.pem', and there is no such file", Assert.Single(Faults("/no/such.pem", null)));
        Assert.Contains("KeyPath is '/no/key.pem'", Assert.Single(Faults($"{folder.Path}/cert.pem", "/no/key.pem")));
        Assert.Contains("holds no private key", Assert.Single(Faults($"{folder.Path}/cert.pem", null)));
        Assert.Contains("cannot be read", Assert.Single(Faults($"{folder.Path}/key.pem", $"{folder.Path}/key.pem")));
    }

    /// <summary>Whatever a renewal leaves in the file, the server goes on with the certificate that it has.</summary>
    [Theory]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n")]
    public void Refresh_BrokenChainBehindTheCertificate_IsAFaultOrLeftOut(string behind)
    {
        using TempFolder folder = WriteCertificate(out _);
        string path = folder.In("cert.pem"), whole = File.ReadAllText(path);
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([new("Certificate:Path", path), new("Certificate:KeyPath", $"{folder.Path}/key.pem")]).Build();
        var file = new CertificateFile(settings.GetSection("Certificate"), "/");
        Assert.False(file.TryRefresh(out _));

        File.WriteAllText(path, $"{whole}\n{behind}");
        Assert.True(file.TryRefresh(out string? fault));
        Assert.Equal(fault is not null, file.ValidUntil is null);
        Assert.Equal(fault, Faults(path, $"{folder.Path}/key.pem").SingleOrDefault()?.Replace("Kestrel:Certificates:Default", "Certificate"));

        File.WriteAllText(path, whole);
        Assert.True(file.TryRefresh(out fault));
        Assert.Null(fault);
    }

    [Fact]
    public async Task Https_WithoutACertificate_EndsWith1AndThrowsNothing()
    {
        await using WebApplication app = Build();

        Assert.Equal(1, await app.RunToExitCodeAsync());
    }

    /// <summary>The start fails then.</summary>
    [Theory]
    [InlineData("urls")]
    [InlineData("Kestrel:Endpoints:Web:Url")]
    public async Task Doctor_HttpsWithoutACertificate_IsAFaultAsAtStart(string setting)
    {
        const string address = "https://127.0.0.1:0";
        using TempFolder folder = WriteCertificate(out _);
        string[] certificate = [$"--Kestrel:Certificates:Default:Path={folder.Path}/cert.pem", $"--Kestrel:Certificates:Default:KeyPath={folder.Path}/key.pem"];
        await using WebApplication app = VerbServices.BuildServer([$"--{setting}={address}"]), sound = VerbServices.BuildServer([$"--{setting}={address}", .. certificate]);
        await using WebApplication plain = VerbServices.BuildServer([$"--{setting}=http://127.0.0.1:0"]);

        Finding fault = Assert.Single(AddressExamination.Findings(app, hasKeys: true), finding => finding.Name == "certificate");

        Assert.Equal((FindingLevel.Fault, $"{address} needs one, and none is set", Tls.Remedy), (fault.Level, fault.Value, fault.Remedy));
        Assert.All([sound, plain], other => Assert.DoesNotContain(AddressExamination.Findings(other, hasKeys: true), finding => finding.Level != FindingLevel.Fine));
    }

    /// <summary>The certificate that a new connection is shown.</summary>
    private static async Task<string?> ServedAsync(string address)
    {
        string? seen = null;
        using HttpClient client = Trusting(thumbprint => seen = thumbprint);
        await client.GetAsync(address + "/health/live");
        return seen;
    }

    /// <summary>A client that takes any certificate and tells which.</summary>
    private static HttpClient Trusting(Action<string> see) => new(new HttpClientHandler
    {
        ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
        {
            see(certificate!.Thumbprint);
            return true;
        },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static string[] Faults(string path, string? keyPath) =>
        [.. Tls.Faults(new ConfigurationBuilder().AddInMemoryCollection([new("Kestrel:Certificates:Default:Path", path), new("Kestrel:Certificates:Default:KeyPath", keyPath)]).Build(), "/")];

    private static WebApplication Build(params string[] settings) => Builder(settings).Build();

    private static WebApplicationBuilder Builder(params string[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(["--urls=https://127.0.0.1:0", $"--Model:Path={TestModel.Folder}", "--Logging:LogLevel:Default=None", .. settings]);
        builder.AddLlama(llama => (llama.ConfigurationSection, llama.StopHostOnFailure) = ("", true));
        builder.AddStandAlone();
        builder.Services.Replace(ServiceDescriptor.Singleton<LoadModel>(new TestModel().Load));
        return builder;
    }

    internal static TempFolder WriteCertificate(out string thumbprint)
    {
        TempFolder folder = new("llama-tls-");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(10));
        File.WriteAllText(folder.In("cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(folder.In("key.pem"), key.ExportPkcs8PrivateKeyPem());
        thumbprint = certificate.Thumbprint;
        return folder;
    }
}
