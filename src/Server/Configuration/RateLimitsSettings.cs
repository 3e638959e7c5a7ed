using System.ComponentModel.DataAnnotations;

namespace Llama.Server.Configuration;

/// <summary>Section <c>RateLimits</c>: how much each key may ask for, or each address where no key is needed. A key's own limits go before these.</summary>
internal sealed class RateLimitsSettings
{
    /// <summary>Requests that generate, in any 60 seconds; empty for no limit.</summary>
    [Range(1, 1_000_000_000)]
    public int? RequestsPerMinute { get; set; }

    /// <summary>Tokens of prompts and answers, in any 60 seconds.</summary>
    [Range(1, 1_000_000_000)]
    public int? TokensPerMinute { get; set; }

    /// <summary>Requests that generate at the same time.</summary>
    [Range(1, 1_000_000)]
    public int? MaxConcurrent { get; set; }

    /// <summary>Tokens that an answer is taken to need while it is made, where its request sets no limit; afterwards those count that it had.</summary>
    [Range(1, 1 << 20)]
    public int AssumedOutputTokens { get; set; } = 512;

    /// <summary>Where replicas count together, as <c>host:port,password=…</c>; empty counts in this process alone.</summary>
    [Secret]
    public string Redis { get; set; } = "";

    /// <summary>How its keys begin there.</summary>
    [RegularExpression("[A-Za-z0-9:._-]{1,64}", ErrorMessage = "RateLimits:RedisPrefix must be 1 to 64 letters, digits, ':', '.', '_' or '-'.")]
    public string RedisPrefix { get; set; } = "llama";

    /// <summary>How long a request waits for it before it is counted in this process.</summary>
    [Range(5, 5000)]
    public int RedisTimeoutMilliseconds { get; set; } = 50;

    /// <summary>How many replicas share the limits: without Redis each then keeps to its part of them.</summary>
    [Range(1, 10_000)]
    public int Replicas { get; set; } = 1;
}
