using System.ComponentModel;

namespace Llama.Server.Configuration;

/// <summary>One key as it stands in the settings or in a file of keys: an object, or a text that is the key or its hash.</summary>
[TypeConverter(typeof(KeyEntryConverter))]
internal sealed class KeyEntry
{
    /// <summary>Whose it is, for logs and metrics; empty takes the beginning of its hash.</summary>
    public string Name { get; set; } = "";

    /// <summary>The key itself.</summary>
    public string Key { get; set; } = "";

    /// <summary>Or <c>sha256:</c> and the SHA-256 of its UTF-8 bytes in hexadecimal digits.</summary>
    public string Hash { get; set; } = "";

    /// <summary>Ids that its requests may call the model by; none for all.</summary>
    public string[] Models { get; set; } = [];

    /// <summary>How many times the tokens of a key of weight 1 it gets while both want more.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>Smallest <c>priority</c> that its requests may ask for, and what those have that ask for none where it is above 0; empty for any.</summary>
    public int? MinPriority { get; set; }

    // Empty takes the limit that all keys have; 0 is none.
    public int? RequestsPerMinute { get; set; }

    public int? TokensPerMinute { get; set; }

    public int? MaxConcurrent { get; set; }
}
