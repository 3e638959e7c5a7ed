using System.Security.Cryptography;
using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Auth;

/// <summary>The keys of those who run the server: of the admin routes and of the metrics.</summary>
internal sealed class OperatorKeys(IOptions<AuthSettings> settings)
{
    private readonly byte[]? _admin = Read(settings.Value.AdminKey), _metrics = Read(settings.Value.MetricsKey);

    public bool HasAdminKey => _admin is not null;

    /// <summary>Whether the metrics ask for a key.</summary>
    public bool HasMetricsKey => _metrics is not null;

    public bool IsAdmin(string key) => Matches(_admin, KeyHash.Of(key));

    /// <summary>Whether a key opens the metrics; that of the admin routes does too.</summary>
    public bool MayScrape(string key)
    {
        byte[] hash = KeyHash.Of(key);
        return Matches(_metrics, hash) | Matches(_admin, hash);
    }

    private static bool Matches(byte[]? known, byte[] hash) => known is not null && CryptographicOperations.FixedTimeEquals(known, hash);

    private static byte[]? Read(string setting) => setting.Length > 0 ? KeyHash.Read(setting, out _) : null;
}
