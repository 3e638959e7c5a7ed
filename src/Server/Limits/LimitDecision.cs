namespace Llama.Server.Limits;

/// <summary>What became of a request that wanted in.</summary>
/// <param name="Ask">The request.</param>
/// <param name="Reading">What it found.</param>
/// <param name="Denial">The limit that kept it out; null when it is in.</param>
/// <param name="Settle">Counts what it had in truth; null when it is not in.</param>
internal readonly record struct LimitDecision(LimitAsk Ask, LimitReading Reading, LimitKind? Denial, Settle? Settle);
