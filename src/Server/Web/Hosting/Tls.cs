using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
        && addresses.Any(address => address.StartsWith("https:", StringComparison.OrdinalIgnoreCase));

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
        string path = Path.GetFullPath(section["Path"]!, contentRoot);
        string? key = KeyPathOf(section, contentRoot);
        if (new[] { ("Path", path), ("KeyPath", key) }.FirstOrDefault(file => file.Item2 is not null && !File.Exists(file.Item2)) is ({ } missing, { } file))
            return $"{section.Path}:{missing} is '{file}', and there is no such file.";
        try
        {
            using X509Certificate2 certificate = Load(path, key, section["Password"]);
            return certificate.HasPrivateKey ? null : $"{section.Path}:Path is '{path}', which holds no private key; name its file in {section.Path}:KeyPath.";
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return $"{section.Path}: the certificate '{path}' cannot be read ({exception.Message.TrimEnd('.')}); check the file, {section.Path}:KeyPath and :Password.";
        }
    }

    /// <summary>Reads a certificate with its key.</summary>
    public static X509Certificate2 Load(string path, string? key, string? password) => key is null
        ? X509Certificate2.GetCertContentType(path) == X509ContentType.Pfx ? X509CertificateLoader.LoadPkcs12FromFile(path, password) : X509CertificateLoader.LoadCertificateFromFile(path)
        : string.IsNullOrEmpty(password) ? X509Certificate2.CreateFromPemFile(path, key) : X509Certificate2.CreateFromEncryptedPemFile(path, password, key);
}
