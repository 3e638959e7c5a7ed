namespace Llama.Scheduling;

/// <summary>Why a request was not accepted.</summary>
/// <param name="Reason">The kind of refusal.</param>
/// <param name="Limit">The limit that was passed, in the unit of the reason (tokens or requests); 0 when there is none.</param>
/// <param name="RetryAfter">When to come again, from measured throughput; null when it would not help.</param>
public sealed record Refusal(RefusalReason Reason, int Limit = 0, TimeSpan? RetryAfter = null);
