using System.Net.Security;
using System.Security.Cryptography;

namespace Llama.Server.Web.Hosting;

/// <summary>A certificate of the settings, as its files have it at the moment. Connections keep the one that they began with. Safe for concurrent use; one thread refreshes.</summary>
/// <param name="section">What names the files.</param>
/// <param name="contentRoot">Where relative paths begin.</param>
internal sealed class CertificateFile(IConfigurationSection section, string contentRoot)
{
    private byte[] _seen = Content(section, contentRoot);
    private volatile SslStreamCertificateContext? _renewed; // null while it is what the web server has read at its start

    /// <summary>Where it lies.</summary>
    public string Path => System.IO.Path.GetFullPath(section["Path"]!, contentRoot);

    /// <summary>Until when it holds; null while it is that of the start.</summary>
    public DateTime? ValidUntil => _renewed?.TargetCertificate.NotAfter;

    /// <summary>Sets it for a connection that begins.</summary>
    public void Show(SslServerAuthenticationOptions connection) => connection.ServerCertificateContext = _renewed ?? connection.ServerCertificateContext;

    /// <summary>Reads the files again where they have changed. A certificate and a key that do not belong together, as while one is there and the other is not, change nothing.</summary>
    /// <param name="fault">What is wrong with them; null when nothing is.</param>
    /// <returns>Whether they have changed since the last time.</returns>
    public bool TryRefresh(out string? fault)
    {
        fault = null;
        byte[] now = Content(section, contentRoot);
        if (now.AsSpan().SequenceEqual(_seen))
            return false;
        _seen = now;
        _renewed = Tls.Load(section, contentRoot, out fault) ?? _renewed;
        return true;
    }

    /// <summary>A hash of what the files hold; of files that cannot be read nothing.</summary>
    private static byte[] Content(IConfigurationSection section, string contentRoot)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(File.ReadAllBytes(System.IO.Path.GetFullPath(section["Path"]!, contentRoot)));
            if (Tls.KeyPathOf(section, contentRoot) is { } key)
                hash.AppendData(File.ReadAllBytes(key));
            return hash.GetHashAndReset();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
