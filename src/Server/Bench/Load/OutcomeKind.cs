namespace Llama.Server.Bench.Load;

/// <summary>What became of a request.</summary>
internal enum OutcomeKind
{
    /// <summary>Its stream came to its end.</summary>
    Completed,

    /// <summary>The server asked to come again later (503 or 429 with <c>Retry-After</c>).</summary>
    Refused,

    /// <summary>Anything else.</summary>
    Failed,

    /// <summary>The measurement was ended while it ran.</summary>
    Interrupted,
}
