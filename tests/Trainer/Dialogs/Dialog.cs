namespace Llama.Trainer.Dialogs;

/// <summary>A conversation, optionally with a system prompt.</summary>
internal sealed record Dialog(IReadOnlyList<Turn> Turns, string? System = null);
