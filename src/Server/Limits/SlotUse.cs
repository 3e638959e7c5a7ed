namespace Llama.Server.Limits;

/// <summary>What counts in one slot of a <see cref="SlidingWindow"/>.</summary>
/// <param name="Slot">When it came.</param>
/// <param name="Requests">Requests.</param>
/// <param name="Tokens">Tokens of prompts and answers.</param>
internal readonly record struct SlotUse(long Slot, long Requests, long Tokens);
