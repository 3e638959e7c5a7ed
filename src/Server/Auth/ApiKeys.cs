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

    /// <summary>Whose key it is; null when it is nobody's. Always looks at every key.</summary>
    public Caller? Find(string key)
    {
        byte[] hash = Hash(key);
        Caller? caller = null;
        for (int i = 0; i < _hashes.Length; i++)
        {
            if (CryptographicOperations.FixedTimeEquals(_hashes[i], hash))
                caller = new Caller(i + 1);
        }
        return caller;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
