using System.Security.Cryptography;
using System.Text;

namespace Llama.Server.Auth;

/// <summary>
/// Keys as hashes. One round of SHA-256 is enough: a key of 256 random bits cannot be guessed, whatever a guess costs, so that the slow hashes of passwords would only slow requests.
/// </summary>
internal static class KeyHash
{
    public const string Prefix = "sha256:";

    private const string KeyPrefix = "sk-llama-";

    public static byte[] Of(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>As it stands in the settings.</summary>
    public static string Write(byte[] hash) => Prefix + Convert.ToHexStringLower(hash);

    public static bool TryParse(string text, out byte[] hash)
    {
        hash = new byte[SHA256.HashSizeInBytes];
        return text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && text.Length == Prefix.Length + (2 * hash.Length)
            && Convert.FromHexString(text.AsSpan(Prefix.Length), hash, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    /// <summary>A new key of 256 random bits.</summary>
    public static string NewKey() => KeyPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>The hash of a setting that is a key or its hash; null with what is wrong.</summary>
    /// <param name="text">The setting.</param>
    /// <param name="fault">Goes on after the setting's name.</param>
    public static byte[]? Read(string text, out string? fault)
    {
        fault = null;
        if (text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            if (TryParse(text, out byte[] hash))
                return hash;
            fault = $"begins with {Prefix} as a hash does, but 64 hexadecimal digits do not follow; the verb 'key hash' writes one.";
        }
        else if (string.IsNullOrWhiteSpace(text))
        {
            fault = "is an empty key; give it a value or take it out.";
        }
        else if (!text.All(c => c is > ' ' and < '\x7f' and not ','))
        {
            fault = "has white space, a comma or characters beyond ASCII in it, which the header of a key does not carry; take them out, and give several keys as a list.";
        }
        return fault is null ? Of(text) : null;
    }
}
