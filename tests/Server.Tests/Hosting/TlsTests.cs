using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Llama.Server.CommandLine.Doctor;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Llama.Server.Tests.Hosting;

/// <summary>https:// by the settings alone.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task Certificate_OfTheSettings_IsServed()
    {
        string folder = WriteCertificate(out string thumbprint);
        await using WebApplication app = Build($"--Kestrel:Certificates:Default:Path={folder}/cert.pem", $"--Kestrel:Certificates:Default:KeyPath={folder}/key.pem");
        app.MapLlamaHealth();
        await app.StartAsync();
        string? seen = null;
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, certificate, _, _) => (seen = certificate!.Thumbprint) is not null };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };

        Assert.True((await client.GetAsync(app.Urls.Single() + "/health/live")).IsSuccessStatusCode);
        Assert.Equal(thumbprint, seen);
        await app.StopAsync();
    }

    [Fact]
    public void Faults_OfFilesThatCannotBeServed_NameSettingAndRemedy()
    {
        string folder = WriteCertificate(out _);
        Assert.Empty(Faults($"{folder}/cert.pem", $"{folder}/key.pem"));
        Assert.Contains("Path is '/no/such.pem', and there is no such file", Assert.Single(Faults("/no/such.pem", null)));
        Assert.Contains("KeyPath is '/no/key.pem'", Assert.Single(Faults($"{folder}/cert.pem", "/no/key.pem")));
        Assert.Contains("holds no private key", Assert.Single(Faults($"{folder}/cert.pem", null)));
        Assert.Contains("cannot be read", Assert.Single(Faults($"{folder}/key.pem", $"{folder}/key.pem")));
    }

    [Fact]
    public async Task Https_WithoutACertificate_EndsWith1AndThrowsNothing()
    {
        await using WebApplication app = Build();

        Assert.Equal(1, await app.RunToExitCodeAsync());
    }

    [Fact]
    public void Doctor_HttpsWithoutACertificate_Warns()
    {
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([new("urls", "https://127.0.0.1:0")]).Build();

        Assert.Contains(AddressExamination.Findings(settings, "/", hasKeys: true), finding => finding.Name == "certificate");
    }

    private static string[] Faults(string path, string? keyPath) =>
        [.. Tls.Faults(new ConfigurationBuilder().AddInMemoryCollection([new("Kestrel:Certificates:Default:Path", path), new("Kestrel:Certificates:Default:KeyPath", keyPath)]).Build(), "/")];

    private static WebApplication Build(params string[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(["--urls=https://127.0.0.1:0", $"--Model:Path={TestModel.Folder}", "--Logging:LogLevel:Default=None", .. settings]);
        builder.AddLlama(llama => (llama.ConfigurationSection, llama.StopHostOnFailure) = ("", true));
        builder.AddStandAlone();
        builder.Services.Replace(ServiceDescriptor.Singleton<LoadModel>(new TestModel().Load));
        return builder.Build();
    }

    private static string WriteCertificate(out string thumbprint)
    {
        string folder = Directory.CreateTempSubdirectory("llama-tls-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(10));
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        thumbprint = certificate.Thumbprint;
        return folder;
    }
}
