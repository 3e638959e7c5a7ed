using System.Security.Cryptography;
using Llama.Server.Configuration;
using Llama.Server.Limits;

namespace Llama.Server.Auth;

/// <summary>A set of keys, each of its own name and hash. It never changes; new settings make a new one.</summary>
internal sealed class KeyRing
{
    private const int LongestName = 64, MostWeight = 1000;

    private readonly List<ApiKey> _keys = [];

    private KeyRing()
    {
    }

    public static KeyRing Empty { get; } = new();

    public IReadOnlyList<ApiKey> Keys => _keys;

    /// <summary>Whose key it is; null when it is nobody's.</summary>
    public ApiKey? Find(string key) => Find(KeyHash.Of(key));

    /// <summary>The same by a key's hash. Always looks at every key, at each in the same time.</summary>
    public ApiKey? Find(byte[] hash)
    {
        ApiKey? found = null;
        foreach (ApiKey candidate in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(candidate.Hash, hash))
                found = candidate;
        }
        return found;
    }

    /// <summary>Reads keys as far as they are right.</summary>
    /// <param name="entries">By the name that each has in the settings or file.</param>
    /// <param name="defaults">The limits of keys that have none of their own.</param>
    /// <param name="faults">Takes what is wrong, all of it.</param>
    public static KeyRing Read(IEnumerable<(string Place, KeyEntry Entry)> entries, LimitRules defaults, ICollection<string> faults)
    {
        var ring = new KeyRing();
        Dictionary<string, string> byHash = [], byName = new(StringComparer.OrdinalIgnoreCase); // the places
        foreach ((string place, KeyEntry entry) in entries)
        {
            int before = faults.Count;
            byte[]? hash = ReadHash(place, entry, faults);
            CheckValues(place, entry, faults);
            if (hash is null)
                continue;
            string name = entry.Name.Length > 0 ? entry.Name : $"key-{Convert.ToHexStringLower(hash.AsSpan(0, 4))}";
            string written = KeyHash.Write(hash);
            if (!byHash.TryAdd(written, place))
                faults.Add($"{place} is the same key as {byHash[written]}; take one of them out.");
            else if (!byName.TryAdd(name, place))
                faults.Add($"{place} has the name '{name}', as {byName[name]} has; give each its own.");
            if (faults.Count == before)
                ring._keys.Add(new ApiKey(name, hash, entry.Models, entry.Weight, entry.MinPriority, LimitsOf(entry, defaults)));
        }
        return ring;
    }

    /// <summary>What can stand in a log line as it is.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@' or '/');

    private static byte[]? ReadHash(string place, KeyEntry entry, ICollection<string> faults)
    {
        string? fault = null;
        byte[]? hash = null;
        if (entry.Hash.Length > 0 && entry.Key.Length > 0)
            fault = "has both Key and Hash; give one of them.";
        else if (entry.Hash.Length == 0)
            hash = KeyHash.Read(entry.Key, out fault);
        else if (KeyHash.TryParse(entry.Hash, out byte[] given))
            hash = given;
        else
            fault = $"has a Hash that is none; give {KeyHash.Prefix} and 64 hexadecimal digits, as the verb 'key hash' writes them.";
        if (fault is not null)
            faults.Add($"{place} {fault}");
        return hash;
    }

    private static void CheckValues(string place, KeyEntry entry, ICollection<string> faults)
    {
        if (entry.Name.Length > 0 && !IsName(entry.Name))
            faults.Add($"{place} has the name '{entry.Name}'; give up to {LongestName} letters, digits, '-', '_', '.', '@' or '/'.");
        if (entry.Weight is < 1 or > MostWeight)
            faults.Add($"{place} has Weight {entry.Weight}; give 1 to {MostWeight}.");
        if (entry.Models.Any(string.IsNullOrWhiteSpace))
            faults.Add($"{place} has an empty model in Models; give it a value or take it out.");
        foreach ((string limit, int? value) in new[] { ("RequestsPerMinute", entry.RequestsPerMinute), ("TokensPerMinute", entry.TokensPerMinute), ("MaxConcurrent", entry.MaxConcurrent) })
        {
            if (value < 0)
                faults.Add($"{place} has {limit} {value}; give 0 for no limit, or more.");
        }
    }

    private static LimitRules LimitsOf(KeyEntry entry, LimitRules defaults)
    {
        return new LimitRules(
            Of(entry.RequestsPerMinute, defaults.RequestsPerMinute), Of(entry.TokensPerMinute, defaults.TokensPerMinute), Of(entry.MaxConcurrent, defaults.MaxConcurrent));
        static int? Of(int? own, int? general) => own is 0 ? null : own ?? general;
    }
}
