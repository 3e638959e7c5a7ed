namespace Llama.Server.Limits;

/// <summary>What a request that Redis has let in had in truth.</summary>
/// <param name="Caller">Whom it counts for.</param>
/// <param name="Slot">Where it was counted there.</param>
/// <param name="Requests">0, or -1 for one that does not count.</param>
/// <param name="Tokens">What it had beyond what it was taken to cost, or (below 0) short of that.</param>
/// <param name="Lease">Its place under MaxConcurrent, which it leaves.</param>
internal readonly record struct Settlement(string Caller, long Slot, long Requests, long Tokens, string Lease)
{
    public static Settlement Of(LimitAsk ask, long slot, long tokens, bool counts, string lease) =>
        new(ask.Caller, slot, counts ? 0 : -1, ask.Rules.TokensPerMinute is null ? 0 : (counts ? tokens : 0) - ask.Tokens, lease);

    /// <summary>Of a request whose use is told otherwise: its place alone, which can be left any number of times.</summary>
    public static Settlement OfLease(string caller, string lease) => new(caller, Slot: 0, Requests: 0, Tokens: 0, lease);

    /// <summary>The place alone.</summary>
    public Settlement LeaseOnly => OfLease(Caller, Lease);
}
