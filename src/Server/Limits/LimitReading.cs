namespace Llama.Server.Limits;

/// <summary>How far a caller is from its limits; times in milliseconds.</summary>
/// <param name="Requests">Requests that count now, this one not among them.</param>
/// <param name="RequestsWait">Until one more fits; 0 when it does.</param>
/// <param name="RequestsReset">Until none of these counts.</param>
/// <param name="Tokens">Tokens that count now.</param>
/// <param name="TokensWait">Until those of this request fit.</param>
/// <param name="TokensReset">Until none of these counts.</param>
/// <param name="Running">Requests under way.</param>
internal readonly record struct LimitReading(long Requests, long RequestsWait, long RequestsReset, long Tokens, long TokensWait, long TokensReset, long Running)
{
    /// <summary>The limit that keeps a request out for longest; null when none does.</summary>
    public LimitKind? Denial(LimitRules rules)
    {
        if (RequestsWait > 0 || TokensWait > 0)
            return RequestsWait >= TokensWait ? LimitKind.Requests : LimitKind.Tokens;
        return Running >= rules.MaxConcurrent ? LimitKind.Concurrent : null;
    }
}
