namespace Llama.Server.Limits;

/// <summary>The limits that a caller can reach.</summary>
internal enum LimitKind
{
    /// <summary>Requests in a minute.</summary>
    Requests,

    /// <summary>Tokens in a minute.</summary>
    Tokens,

    /// <summary>Requests at the same time.</summary>
    Concurrent,
}
