namespace Llama.Server.Limits;

/// <summary>One request that wants in.</summary>
/// <param name="Caller">Whom it counts for; nothing that tells a key.</param>
/// <param name="Rules">The caller's limits.</param>
/// <param name="Tokens">Tokens it is taken to cost.</param>
internal readonly record struct LimitAsk(string Caller, LimitRules Rules, long Tokens);
