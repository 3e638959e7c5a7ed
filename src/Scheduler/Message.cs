using Llama.Scheduling.Sequences;

namespace Llama.Scheduling;

/// <summary>What callers tell the engine's thread.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Sequence">With whom; null for <see cref="MessageKind.Wake"/>.</param>
internal readonly record struct Message(MessageKind Kind, Sequence? Sequence);
