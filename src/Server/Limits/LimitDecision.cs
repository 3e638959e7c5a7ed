namespace Llama.Server.Limits;

/// <summary>What became of a request that wanted in.</summary>
/// <param name="Ask">The request.</param>
/// <param name="Reading">What it found.</param>
/// <param name="Denial">The limit that kept it out; null when it is in.</param>
/// <param name="Settle">
/// To be called once when it is done, with the tokens that it had in truth and whether it counts as a request: one that was let in here and refused elsewhere does not. Null when it is not in.
/// </param>
internal readonly record struct LimitDecision(LimitAsk Ask, LimitReading Reading, LimitKind? Denial, Action<long, bool>? Settle);
