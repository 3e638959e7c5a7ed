namespace Llama.Server.Limits;

/// <summary>What one caller has used in the last minute.</summary>
/// <param name="Caller">Whom it counts for, as in <see cref="LimitAsk"/>.</param>
/// <param name="Slots">Slot by slot, in no order.</param>
internal readonly record struct RecentUse(string Caller, SlotUse[] Slots);
