using System.Security.Cryptography;
using System.Text;
using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Auth;

/// <summary>The keys that may call. Kept and compared as hashes of equal length, so that neither length nor place of a difference shows in the time taken.</summary>
internal sealed class ApiKeys(IOptions<AuthSettings> settings)
{
    private readonly byte[][] _hashes = [.. settings.Value.ApiKeys.Select(Hash)];

    /// <summary>Whether there are none, so that anyone may call.</summary>
    public bool AreOpen => _hashes.Length == 0;

    public bool Contains(string key)
    {
        byte[] hash = Hash(key);
        bool found = false;
        foreach (byte[] known in _hashes)
            found |= CryptographicOperations.FixedTimeEquals(known, hash);
        return found;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
