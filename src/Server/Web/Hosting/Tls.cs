using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Llama.Server.Web.Hosting;

/// <summary>Whether <c>https://</c> can be served: the web server's own sections <c>Kestrel:Endpoints</c> and <c>Kestrel:Certificates</c>, told in words beforehand.</summary>
internal static class Tls
{
    public const string Remedy =
        "Set Kestrel:Certificates:Default:Path and :KeyPath (PEM) or :Password (PFX), or use http:// behind a proxy that ends TLS.";

    /// <summary>All that is wrong with the certificates that the settings name.</summary>
    /// <param name="settings">All settings.</param>
    /// <param name="contentRoot">Where relative paths begin.</param>
    public static IEnumerable<string> Faults(IConfiguration settings, string contentRoot)
    {
        IConfigurationSection kestrel = settings.GetSection("Kestrel");
        IEnumerable<IConfigurationSection> sections = kestrel.GetSection("Certificates").GetChildren()
            .Concat(kestrel.GetSection("Endpoints").GetChildren().Select(endpoint => endpoint.GetSection("Certificate")));
        return sections.Where(section => section["Path"] is { Length: > 0 }).Select(section => Fault(section, contentRoot)).OfType<string>();
    }

    /// <summary>Whether the web server failed for want of a certificate.</summary>
    public static bool IsMissing(Exception exception, string[] addresses) =>
        exception is InvalidOperationException && exception.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase)
        && addresses.Any(IsHttps);

    /// <summary>Whether an address is served with a certificate.</summary>
    public static bool IsHttps(string address) => address.StartsWith("https:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the web server would fail for want of a certificate, which it is asked itself: a development certificate of the .NET SDK is one, too. Nothing listens.</summary>
    /// <param name="services">Of the program, not started.</param>
    /// <param name="addresses">Where it is to listen.</param>
    public static bool IsMissing(IServiceProvider services, string[] addresses)
    {
        try
        {
            KestrelServerOptions kestrel = services.GetRequiredService<IOptionsFactory<KestrelServerOptions>>().Create(Options.DefaultName); // not those that it starts with: here it takes up addresses
            kestrel.ConfigurationLoader?.Load(); // the endpoints of the settings
            if (services.GetRequiredService<IConfiguration>().GetSection("Kestrel:Endpoints").Exists())
                return false; // they are all there is
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps().Build());
            return false;
        }
        catch (InvalidOperationException exception) when (IsMissing(exception, addresses))
        {
            return true;
        }
    }

    /// <summary>Registers what serves certificates that are renewed while the program runs.</summary>
    public static void AddCertificates(this IServiceCollection services)
    {
        services.AddSingleton<CertificateWatch>().AddHostedService(provider => provider.GetRequiredService<CertificateWatch>());
        services.AddOptions<KestrelServerOptions>().Configure<CertificateWatch, IConfiguration>((kestrel, watch, settings) => watch.Configure(kestrel, settings));
    }

    /// <summary>Where the key of a certificate lies; null where it is in the same file.</summary>
    public static string? KeyPathOf(IConfigurationSection section, string contentRoot) =>
        section["KeyPath"] is { Length: > 0 } named ? Path.GetFullPath(named, contentRoot) : null;

    /// <summary>What is wrong with the certificate of a section; null when nothing is.</summary>
    public static string? Fault(IConfigurationSection section, string contentRoot)
    {
        Load(section, contentRoot, out string? fault);
        return fault;
    }

    /// <summary>The certificate of a section with its key, and with those that its file holds beside it, which clients want to see.</summary>
    /// <param name="section">What names the files.</param>
    /// <param name="contentRoot">Where relative paths begin.</param>
    /// <param name="fault">What is wrong with them and what to do; null when nothing is.</param>
    /// <returns>Null when it cannot be served.</returns>
    public static SslStreamCertificateContext? Load(IConfigurationSection section, string contentRoot, out string? fault)
    {
        string path = Path.GetFullPath(section["Path"]!, contentRoot);
        string? key = KeyPathOf(section, contentRoot), password = section["Password"];
        fault = Missing(section, path, key);
        if (fault is not null)
            return null;
        try
        {
            X509Certificate2 certificate = Read(path, key, password);
            if (certificate.HasPrivateKey)
                return SslStreamCertificateContext.Create(certificate, ReadAll(path, password), offline: true);
            fault = $"{section.Path}:Path is '{path}', which holds no private key; name its file in {section.Path}:KeyPath.";
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            fault = $"{section.Path}: the certificate '{path}' cannot be read ({exception.Message.TrimEnd('.')}); check the file, {section.Path}:KeyPath and :Password.";
        }
        return null;
    }

    private static string? Missing(IConfigurationSection section, string path, string? key) =>
        !File.Exists(path) ? $"{section.Path}:Path is '{path}', and there is no such file."
        : key is not null && !File.Exists(key) ? $"{section.Path}:KeyPath is '{key}', and there is no such file."
        : null;

    private static X509Certificate2 Read(string path, string? key, string? password) => key is null
        ? IsPfx(path) ? X509CertificateLoader.LoadPkcs12FromFile(path, password) : X509CertificateLoader.LoadCertificateFromFile(path)
        : string.IsNullOrEmpty(password) ? X509Certificate2.CreateFromPemFile(path, key) : X509Certificate2.CreateFromEncryptedPemFile(path, password, key);

    private static X509Certificate2Collection ReadAll(string path, string? password)
    {
        if (IsPfx(path))
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(path);
        return all;
    }

    private static bool IsPfx(string path) => X509Certificate2.GetCertContentType(path) == X509ContentType.Pfx;
}
